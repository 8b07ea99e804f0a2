import { Type } from './typebox/typebox.js'

/** For how many seconds the old key or secret is kept after it is replaced. */
export function keepQuery(description: string) {
  const keep = Type.Integer({ minimum: 0, maximum: 31_536_000, description })
  return Type.Object({ keep: Type.Optional(keep) }, { additionalProperties: false })
}
