import { EventStreamBytes, isBytes, type Route, tusContentType, tusVersion } from '@darkroom/contracts'
import { commandFor } from './commands.ts'
import { escapeHtml } from './html.ts'
import type { Schema } from './schema-table.ts'

/** The same request with curl, in JavaScript, and on the command line. */
export function examplesOf(name: string, route: Route): string {
  const command = commandFor(name)
  const examples = [
    ['curl', code(curlLine(name, route))],
    ['JavaScript', code(fetchLines(name, route))],
    ['Command line', command ? code(command) : '<p class="hint">There is no command for this; use curl.</p>'],
  ]
  return `<div class="examples">${examples.map(([title, body]) => `<div><h4>${title}</h4>${body}</div>`).join('')}</div>`
}

function code(text: string): string {
  return `<pre><code>${escapeHtml(text)}</code></pre>`
}

const tus = { 'tus-resumable': tusVersion }
const piece = { ...tus, 'content-type': tusContentType, 'upload-offset': '0' }
/**
 * Headers that tus requires. The contracts don't require them, so that errors follow tus. `$size` is the size of the file.
 */
const headersOf: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  createUpload: { ...tus, 'content-type': tusContentType, 'upload-length': '$size' },
  getUpload: tus,
  appendToUpload: piece,
  overrideUploadMethod: { ...piece, 'x-http-method-override': 'PATCH' },
  terminateUpload: tus,
}

/** Bodies that need more than the required properties. */
const bodies: Readonly<Record<string, unknown>> = {
  putPreset: { operations: 'resize:1600x' },
  createGrant: { images: 3, operations: 'resize:800x800' },
}

/** A body that the route accepts. */
export function exampleBody(name: string, { schema }: Pick<Route, 'schema'>): unknown {
  return bodies[name] ?? exampleOf(schema.body)
}

/** The path with variables of the shell or of JavaScript. */
function filled(url: string, open: string, close: string): string {
  return url.replace(/:([a-zA-Z]+)/g, (_, name: string) => `${open}${name}${close}`)
}

/** The query parameters that are required. Examples must encode their values, which may be any text. */
function requiredQuery({ schema }: Route): readonly string[] {
  return ((schema.querystring ?? {}) as Schema).required ?? []
}

function curlLine(name: string, route: Route): string {
  const { method, schema, access } = route
  const parts = ['curl']
  const isUpload = schema.body !== undefined && isBytes(schema.body)
  if (method === 'HEAD') parts.push('-I')
  else if (method !== 'GET' && !(method === 'POST' && schema.body)) parts.push(`-X ${method}`)
  if (isUpload) parts.push('--data-binary @photo.jpg')
  else if (schema.body) parts.push(`--json '${JSON.stringify(exampleBody(name, route))}'`)
  const kind = kindOfResponse(route)
  if (kind === 'events') parts.push('-N')
  if (kind === 'bytes') parts.push('-f -O -J')
  if (access !== 'anyone') parts.push('-H "Authorization: Bearer $DARKROOM_KEY"')
  for (const [header, value] of Object.entries(headersOf[name] ?? {}))
    parts.push(`-H "${header}: ${value.replace('$size', '$(wc -c < photo.jpg)')}"`)
  const query = requiredQuery(route).map(name => `--data-urlencode "${name}=$${name}"`)
  if (query.length > 0) parts.push(`-G ${query.join(' ')}`)
  parts.push(`"http://127.0.0.1:8080${filled(route.url, '$', '')}"`)
  return parts.join(' \\\n  ')
}

function fetchLines(name: string, route: Route): string {
  const { method, schema, access } = route
  const isUpload = schema.body !== undefined && isBytes(schema.body)
  const isJson = schema.body !== undefined && !isUpload
  const headers = [
    ...(access === 'anyone' ? [] : [`authorization: \`Bearer \${key}\``]),
    ...(isJson ? [`'content-type': 'application/json'`] : []),
    ...Object.entries(headersOf[name] ?? {}).map(
      ([header, value]) => `'${header}': ${value === '$size' ? 'String(file.size)' : `'${value}'`}`,
    ),
  ]
  const options = [
    ...(method === 'GET' ? [] : [`method: '${method}'`]),
    ...(headers.length === 0 ? [] : [`headers: { ${headers.join(', ')} }`]),
    ...(isUpload ? ['body: file'] : []),
    ...(isJson ? [`body: JSON.stringify(${JSON.stringify(exampleBody(name, route))})`] : []),
  ]
  const query = requiredQuery(route).map(name => `${name}=\${encodeURIComponent(${name})}`)
  const url = `\`\${darkroom}${filled(route.url, '${', '}')}${query.length > 0 ? `?${query.join('&')}` : ''}\``
  const lines = options.map(option => `  ${option},\n`).join('')
  const call = `const response = await fetch(${url}${lines === '' ? '' : `, {\n${lines}}`})`
  return `${call}${readers[kindOfResponse(route)]}`
}

const readers = {
  nothing: '',
  events: '\nfor await (const text of response.body.pipeThrough(new TextDecoderStream())) console.log(text)',
  bytes: '\nconst bytes = await response.blob()',
  text: '\nconst text = await response.text()',
  document: '\nconst document = await response.json()',
} as const

function kindOfResponse({ schema: { response } }: Pick<Route, 'schema'>): keyof typeof readers {
  const responseSchema = response[200] ?? response[201] ?? response[202]
  if (responseSchema === undefined) return 'nothing'
  const { type } = responseSchema as Schema
  if (responseSchema === EventStreamBytes) return 'events'
  if (isBytes(responseSchema)) return 'bytes'
  if (type === 'null') return 'nothing'
  return type === 'string' ? 'text' : 'document'
}

/** A value that the schema allows, with only the required properties. */
function exampleOf(schema: unknown): unknown {
  const { properties = {}, required = [], enum: words, type, anyOf, default: standard } = schema as Schema
  if (standard !== undefined) return standard
  if (words) return words[0]
  if (anyOf?.[0]) return exampleOf(anyOf[0])
  if (type === 'integer' || type === 'number') return 1
  if (type === 'boolean') return true
  if (type === 'string') return '…'
  if (type === 'array') return []
  return Object.fromEntries(required.map(name => [name, exampleOf(properties[name])]))
}
