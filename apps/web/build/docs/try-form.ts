import { isBytes, type Route } from '@darkroom/contracts'
import { exampleBody } from './examples.ts'
import { escapeHtml } from './html.ts'
import type { Schema } from './schema-table.ts'

/** Headers that are worth trying. The browser sets the others, and the Priority of a page is ignored. */
const triedHeaders = new Set(['prefer', 'idempotency-key', 'range', 'if-none-match'])

/**
 * A form that sends the request with the session of the page; it is in a template, because the forms of all routes together
 * would slow the page down. Resumable uploads have no form: each request needs the responses to the requests before.
 */
export function tryForm(name: string, route: Route): string {
  const { method, url, schema } = route
  if (url.startsWith('/uploads')) return ''
  const inPath = [...url.matchAll(/:([a-zA-Z]+)/g)].map(([, parameter = '']) => parameter)
  const propertiesOf = (part: object | undefined) =>
    Object.keys((part as Schema | undefined)?.properties ?? {})
  const fields = [
    ...inPath.map(parameter => field('path', parameter, true)),
    ...propertiesOf(schema.querystring).map(parameter =>
      field('query', parameter, (schema.querystring as Schema).required?.includes(parameter) ?? false),
    ),
    ...propertiesOf(schema.headers)
      .filter(header => triedHeaders.has(header))
      .map(header => field('header', header, false)),
    ...(schema.body ? [bodyField(name, route)] : []),
  ]
  const isSafe = method === 'GET'
  const warning = isSafe ? '' : '<p class="hint">This is not a trial run: it changes your Darkroom.</p>'
  return `<details class="try"><summary>Try it</summary><template><form class="try-route" data-method="${method}" data-path="${escapeHtml(url)}" aria-label="Try ${name}">
${warning}${fields.join('')}
<button type="submit">Send</button><output hidden tabindex="0" aria-label="The response"></output></form></template></details>`
}

function field(place: 'path' | 'query' | 'header', name: string, isRequired: boolean): string {
  const label = escapeHtml(name)
  return `<label>${label} <input name="${label}" data-in="${place}"${isRequired ? ' required' : ''} autocomplete="off" spellcheck="false"></label>`
}

function bodyField(name: string, route: Route): string {
  const { body } = route.schema
  if (body && isBytes(body))
    return '<label>Image <input type="file" name="body" data-in="body" required accept="image/*,.heic,.tif,.tiff,.avif"></label>'
  const example = escapeHtml(JSON.stringify(exampleBody(name, route)))
  return `<label class="wide">Body, as JSON <textarea name="body" data-in="body" rows="3" spellcheck="false">${example}</textarea></label>`
}
