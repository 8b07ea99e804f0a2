import type { Operation } from '@darkroom/contracts'
import { Call, type Subject } from './call.ts'

/**
 * Puts as many operations as possible into one call, from the first on. Returns the rest, which need other calls.
 *
 * @throws UnusableImage for an operation that can't be done with the image
 */
export function fillCall(
  subject: Subject,
  operations: readonly Operation[],
): { call: Call; rest: readonly Operation[] } {
  let call = new Call(subject)
  for (const [index, operation] of operations.entries()) {
    const more = call.with(operation)
    if (!more) return { call, rest: operations.slice(index) }
    call = more
  }
  return { call, rest: [] }
}
