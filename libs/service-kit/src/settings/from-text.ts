import type { TSchema } from '@darkroom/contracts/typebox'
import { isExactNumber } from './exact-number.ts'

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

/** Of digits that a number can't keep, none become another number; too large ones are refused by their size. */
function isNumeral(text: string): boolean {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return false
  return isExactNumber(text) || Math.abs(Number(text)) > Number.MAX_SAFE_INTEGER
}
