import type { TSchema } from '@darkroom/contracts/typebox'
import { isExactNumber } from './exact-number.ts'

/**
 * Converts texts (environment variables, queries) to the types of a schema's properties. A text that can't be
 * converted stays a text, and the validation refuses it: 1.5 is not rounded to an integer.
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

/**
 * Whether a text can become a number without a change of its value. Numbers that are too large are converted, too: the
 * schema refuses them.
 */
function isNumeral(text: string): boolean {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return false
  return isExactNumber(text) || Math.abs(Number(text)) > Number.MAX_SAFE_INTEGER
}
