import { isBytes, type Route } from '@darkroom/contracts'
import { commandFor } from './commands.ts'
import { escapeHtml } from './html.ts'
import type { Schema } from './schema-table.ts'

/** The same request by curl, in JavaScript, and on the command line. */
export function examplesOf(name: string, route: Route): string {
  const command = commandFor(name)
  const examples = [
    ['curl', code(curlLine(route))],
    ['JavaScript', code(fetchLines(route))],
    ['Command line', command ? code(command) : '<p class="hint">There is no command for this; use curl.</p>'],
  ]
  return `<div class="examples">${examples.map(([title, body]) => `<div><h4>${title}</h4>${body}</div>`).join('')}</div>`
}

function code(text: string): string {
  return `<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>`
}

/** `:id` as a variable of the shell or of JavaScript. */
const filled = (url: string, open: string, close: string) =>
  url.replace(/:([a-zA-Z]+)/g, (_, name: string) => `${open}${name}${close}`)

function curlLine({ method, url, schema }: Route): string {
  const parts = ['curl']
  const isUpload = schema.body !== undefined && isBytes(schema.body)
  if (method !== 'GET' && !(method === 'POST' && schema.body)) parts.push(`-X ${method}`)
  if (isUpload) parts.push('--data-binary @photo.jpg')
  else if (schema.body) parts.push(`--json '${JSON.stringify(exampleOf(schema.body))}'`)
  if (givesBytes({ schema })) parts.push('-O -J')
  parts.push('-H "Authorization: Bearer $DARKROOM_KEY"')
  parts.push(`"http://127.0.0.1:8080${filled(url, '$', '')}"`)
  return parts.join(' \\\n  ')
}

function fetchLines({ method, url, schema }: Route): string {
  const isUpload = schema.body !== undefined && isBytes(schema.body)
  const lines = [`const answer = await fetch(\`\${darkroom}${filled(url, '${', '}')}\`, {`]
  if (method !== 'GET') lines.push(`  method: '${method}',`)
  if (isUpload) lines.push(`  headers: { authorization: \`Bearer \${key}\` },`, '  body: file,')
  else if (schema.body)
    lines.push(
      `  headers: { authorization: \`Bearer \${key}\`, 'content-type': 'application/json' },`,
      `  body: JSON.stringify(${JSON.stringify(exampleOf(schema.body))}),`,
    )
  else lines.push(`  headers: { authorization: \`Bearer \${key}\` },`)
  lines.push('})')
  if (givesBytes({ schema })) lines.push('const bytes = await answer.blob()')
  else if (hasBody(schema)) lines.push('const document = await answer.json()')
  return lines.join('\n')
}

function givesBytes({ schema }: Pick<Route, 'schema'>): boolean {
  const answer = schema.response[200]
  return answer !== undefined && isBytes(answer)
}

function hasBody({ response }: Route['schema']): boolean {
  const answer = (response[200] ?? response[201] ?? response[202]) as Schema | undefined
  return answer !== undefined && answer.type !== 'null'
}

/** A value that the schema allows, with only the required properties. */
export function exampleOf(schema: unknown): unknown {
  const { properties = {}, required = [], enum: words, type, anyOf, default: preset } = schema as Schema
  if (preset !== undefined) return preset
  if (words) return words[0]
  if (anyOf?.[0]) return exampleOf(anyOf[0])
  if (type === 'integer' || type === 'number') return 1
  if (type === 'boolean') return true
  if (type === 'string') return '…'
  if (type === 'array') return []
  return Object.fromEntries(required.map(name => [name, exampleOf(properties[name])]))
}
