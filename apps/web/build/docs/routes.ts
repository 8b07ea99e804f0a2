import { frontendRoutes, type Route } from '@darkroom/contracts'
import { examplesOf } from './examples.ts'
import { escapeHtml, prose } from './html.ts'
import { type Schema, schemaTable } from './schema-table.ts'

/** What each status means; the problem document of an answer says the rest. */
const statuses: Readonly<Record<string, string>> = {
  200: 'done',
  201: 'made',
  202: 'accepted; it is worked on',
  204: 'done; there is nothing to say',
  206: 'a part, as asked for by Range',
  304: 'unchanged since the given ETag',
  400: 'the request is not valid',
  401: 'an API key is needed',
  403: 'not allowed for this caller',
  404: 'not there, or not yours',
  409: 'not in this state',
  410: 'it was there, and is gone',
  412: 'a precondition does not hold',
  413: 'too large',
  415: 'not an image that is read here',
  416: 'the range is outside the image',
  422: 'the image or what is asked of it can not be developed',
  423: 'busy; try again',
  429: 'too much at once; Retry-After says when to try again',
  503: 'not for the moment; Retry-After says when to try again',
}

const routes: readonly [string, Route][] = Object.entries(frontendRoutes)

export function routeLinks(): string {
  return routes
    .map(([name, { method, url }]) => `<li><a href="#${name}"><b>${method}</b> ${escapeHtml(url)}</a></li>`)
    .join('')
}

export function routeSections(): string {
  return routes.map(([name, route]) => section(name, route)).join('')
}

function section(name: string, route: Route): string {
  const { method, url, access, schema } = route
  const answers = Object.entries(schema.response)
  const good = answers.find(([status, answer]) => Number(status) < 300 && 'properties' in answer)
  return `<section id="${name}" class="route">
<h3><span class="method">${method}</span> <code>${escapeHtml(url)}</code></h3>
<p>${prose(schema.summary)}.${accessWords(access)}</p>
${schemaTable('In the path', schema.params as Schema)}
${schemaTable('In the query', schema.querystring as Schema)}
${schemaTable('Headers', schema.headers as Schema)}
${schemaTable('Body, as JSON', schema.body as Schema)}
<ul class="statuses">${answers
    .map(([status]) => `<li><b>${status}</b> ${statuses[status] ?? ''}</li>`)
    .join('')}</ul>
${good ? `<details><summary>The answer ${good[0]}</summary>${schemaTable('Fields', good[1] as Schema)}</details>` : ''}
${examplesOf(route)}
${tryForm(name, route)}
</section>`
}

function accessWords(access: Route['access']): string {
  if (access === undefined || access === 'key') return ''
  return access === 'anyone' ? ' Needs no key.' : ' For operators.'
}

/** Reading does no harm: such routes can be tried from the page, with its session. */
function tryForm(name: string, { method, url, schema }: Route): string {
  const isStream = /events|archive/.test(url)
  if (method !== 'GET' || isStream || !Object.values(schema.response).some(answer => 'properties' in answer))
    return ''
  const inPath = [...url.matchAll(/:([a-zA-Z]+)/g)].map(([, parameter = '']) => parameter)
  const inQuery = Object.keys((schema.querystring as Schema | undefined)?.properties ?? {})
  const field = (parameter: string, isRequired: boolean) =>
    `<label>${escapeHtml(parameter)} <input name="${escapeHtml(parameter)}"${isRequired ? ' required' : ''} autocomplete="off"></label>`
  return `<form class="try-route" data-path="${escapeHtml(url)}" aria-label="Try ${name}">
${inPath.map(parameter => field(parameter, true)).join('')}${inQuery.map(parameter => field(parameter, false)).join('')}
<button type="submit">Try it</button><output hidden></output></form>`
}
