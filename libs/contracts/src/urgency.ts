import { type Static, Type } from './typebox/typebox.js'

/** RFC 9218, 4.1: 0 is the most urgent. */
export const Urgency = Type.Integer({ minimum: 0, maximum: 7 })
export type Urgency = Static<typeof Urgency>

export const defaultUrgency: Urgency = 3

export const PriorityHeader = Type.Optional(
  Type.String({
    description:
      'RFC 9218: `u=0` to `u=7`; of the images of one owner, those with a lower value are developed first (default: u=3). Ignored with an `Origin`: browsers send a `Priority` of their own',
  }),
)

/**
 * The urgency in a `Priority` header; of several, the last counts (RFC 9651, 3.2). Parts that can't be parsed are ignored,
 * as RFC 9218, 4 requires.
 */
export function urgencyOf(priority: string | undefined): Urgency | undefined {
  const matches = (priority ?? '').matchAll(/(?:^|,)\s*u=([0-7])\s*(?=$|[,;])/g)
  const last = [...matches].at(-1)
  return last && Number(last[1])
}

/** Formats an urgency as the value of a `Priority` header. */
export function formatPriority(urgency: Urgency): string {
  return `u=${urgency}`
}
