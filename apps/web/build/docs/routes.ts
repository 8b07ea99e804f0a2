import {
  codesOf,
  commonProblems,
  frontendRoutes,
  type ProblemCode,
  problemRemedies,
  type Route,
} from '@darkroom/contracts'
import { examplesOf } from './examples.ts'
import { escapeHtml, prose } from './html.ts'
import { type Schema, schemaTable } from './schema-table.ts'
import { tryForm } from './try-form.ts'

/** The meaning of each status. The problem document of a response has the details. */
const statuses: Readonly<Record<string, string>> = {
  200: 'done',
  201: 'created',
  202: 'accepted; the work continues in the background',
  204: 'done; the response has no body',
  206: 'the part that Range requested',
  304: 'unchanged since the given ETag',
  400: 'the request is not valid',
  401: 'an API key is needed',
  403: 'not allowed for this caller',
  404: 'not found, or the image of another owner',
  405: 'the path does not support this method',
  408: 'the request arrived too slowly',
  409: 'not possible in this state',
  410: 'deleted',
  412: 'a precondition is not met',
  413: 'too large',
  414: 'the path is too long',
  415: 'the type is not supported',
  416: 'the range is outside the image',
  417: 'the expectation is not supported',
  422: 'the image cannot be developed',
  423: 'busy; try again',
  429: 'too many requests or images; Retry-After has the time to wait',
  431: 'the headers are too long',
  500: 'an error inside Darkroom',
  501: 'the transfer coding is not supported',
  503: 'temporarily unavailable; Retry-After has the time to wait',
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
  const responses = Object.entries(schema.response)
  const good = responses.find(([status, body]) => Number(status) < 300 && 'properties' in body)
  return `<section id="${name}" class="route">
<h3><span class="method">${method}</span> <code>${escapeHtml(url)}</code></h3>
<p>${prose(schema.summary)}.${accessWords(access)}</p>
${schemaTable('In the path', schema.params as Schema)}
${schemaTable('In the query', schema.querystring as Schema)}
${schemaTable('Headers', schema.headers as Schema)}
${schemaTable('Body, as JSON', schema.body as Schema)}
<ul role="list" class="statuses">${responses.map(([status]) => `<li>${statusWords(status)}</li>`).join('')}</ul>
${good ? `<details><summary>The response ${good[0]}</summary>${schemaTable('Fields', good[1] as Schema)}</details>` : ''}
${problemDetails(responses.flatMap(([status, body]) => problemItem(status, codesOf(body))))}
${examplesOf(name, route)}
${tryForm(name, route)}
</section>`
}

/** The problems that every route can answer. */
export function commonProblemList(): string {
  return problemList(Object.entries(commonProblems).flatMap(([status, codes]) => problemItem(status, codes)))
}

function problemDetails(items: string[]): string {
  if (items.length === 0) return ''
  return `<details><summary>The problems, and what to do</summary>${problemList(items)}</details>`
}

function problemList(items: string[]): string {
  return `<ul role="list" class="problems">${items.join('')}</ul>`
}

/** A status, and the problems that come with it; nothing for a status without problems. */
function problemItem(status: string, codes: readonly ProblemCode[] = []): string[] {
  if (codes.length === 0) return []
  const problems = codes.map(code => `<dt><code>${code}</code></dt><dd>${prose(problemRemedies[code])}.</dd>`)
  return [`<li>${statusWords(status)}<dl>${problems.join('')}</dl></li>`]
}

function statusWords(status: string): string {
  return `<b>${status}</b> ${statuses[status] ?? ''}`
}

function accessWords(access: Route['access']): string {
  if (access === undefined || access === 'key') return ''
  if (access === 'grant') return ' A grant works instead of a key.'
  return access === 'anyone' ? ' Needs no key.' : ' For operators.'
}
