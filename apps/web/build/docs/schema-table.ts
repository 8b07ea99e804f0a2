import { escapeHtml, prose } from './html.ts'

export interface Schema {
  type?: string
  enum?: readonly unknown[]
  const?: unknown
  default?: unknown
  minimum?: number
  maximum?: number
  maxLength?: number
  format?: string
  description?: string
  properties?: Readonly<Record<string, Schema>>
  required?: readonly string[]
  items?: Schema
  anyOf?: readonly Schema[]
}

/** The properties of an object as a table; nothing if it has none. */
export function schemaTable(words: string, schema: Schema | undefined): string {
  const entries = Object.entries(schema?.properties ?? {})
  if (entries.length === 0) return ''
  const rows = entries.map(
    ([name, property]) =>
      `<tr><th scope="row"><code>${escapeHtml(name)}</code></th><td>${valuesOf(property)}${
        schema?.required?.includes(name) ? ', required' : ''
      }</td><td>${prose(property.description ?? '')}</td></tr>`,
  )
  return `<table><caption>${words}</caption><thead><tr><th scope="col">Name</th><th scope="col">Value</th><th scope="col">Meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function valuesOf({
  type,
  enum: words,
  const: constant,
  default: standard,
  minimum,
  maximum,
  format,
}: Schema): string {
  const parts = [
    words?.map(word => `<code>${escapeHtml(word)}</code>`).join(' ') ??
      (constant === undefined ? escapeHtml(format ?? type ?? 'any') : `<code>${escapeHtml(constant)}</code>`),
  ]
  if (minimum !== undefined && maximum !== undefined) parts.push(` from ${minimum} to ${maximum}`)
  if (standard !== undefined) parts.push(`; default <code>${escapeHtml(standard)}</code>`)
  return parts.join('')
}
