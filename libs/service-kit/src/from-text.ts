import type { TSchema } from 'typebox'

/**
 * Texts, as environment variables and queries are, as the types that a schema's properties ask for. What isn't
 * such a text stays what it is, for the validation to refuse: 1.5 is no integer, and isn't rounded to one.
 */
export function fromText(
  schema: TSchema,
  values: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const properties: Record<string, { type?: unknown }> =
    'properties' in schema ? Object(schema.properties) : {}
  const converted = { ...values }
  for (const [name, { type }] of Object.entries(properties)) {
    const value = values[name]
    if (typeof value !== 'string') continue
    if ((type === 'integer' || type === 'number') && isNumeral(value)) converted[name] = Number(value)
    if (type === 'boolean' && (value === 'true' || value === 'false')) converted[name] = value === 'true'
  }
  return converted
}

function isNumeral(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text)
}
