import { type Static, Type } from './typebox/typebox.js'

/** RFC 9218, 4.1: 0 is the most urgent. */
export const Urgency = Type.Integer({ minimum: 0, maximum: 7 })
export type Urgency = Static<typeof Urgency>

export const defaultUrgency: Urgency = 3

export const PriorityHeader = Type.Optional(
  Type.String({ description: 'RFC 9218; `u=0` to `u=7`: lower ones are developed first (default u=3)' }),
)

/** The urgency of a `Priority` header; what isn't understood in it is ignored, as RFC 9218, 4 asks. */
export function urgencyOf(priority: string | undefined): Urgency | undefined {
  const match = /(?:^|,)\s*u=([0-7])\s*(?:$|[,;])/.exec(priority ?? '')
  return match ? Number(match[1]) : undefined
}

/** As a `Priority` header says it. */
export function formatPriority(urgency: Urgency): string {
  return `u=${urgency}`
}
