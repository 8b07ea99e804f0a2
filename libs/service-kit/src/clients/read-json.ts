import { type Static, type TSchema, Value } from '@darkroom/contracts/typebox'

/** A value of kv-config. Undefined if it is not JSON of this schema: another program may have written it. */
export function readJson<Schema extends TSchema>(
  schema: Schema,
  value: Uint8Array,
): Static<Schema> | undefined {
  try {
    const read: unknown = JSON.parse(Buffer.from(value).toString())
    return Value.Check(schema, read) ? read : undefined
  } catch {
    return undefined // not JSON
  }
}
