import { type Static, Type } from './typebox/typebox.js'

/** RFC 9457 problem details; every error of every service has this shape. */
export const Problem = Type.Object(
  {
    type: Type.String({ description: 'Stable identifier, urn:darkroom:problem:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.Optional(Type.String()),
  },
  { additionalProperties: true },
)
export type Problem = Static<typeof Problem>

const prefix = 'urn:darkroom:problem:'

export function problemType(code: string): string {
  return `${prefix}${code}`
}

/** The stable code of a problem; undefined if the problem is not from Darkroom. */
export function problemCode(problem: { type: string }): string | undefined {
  return problem.type.startsWith(prefix) ? problem.type.slice(prefix.length) : undefined
}
