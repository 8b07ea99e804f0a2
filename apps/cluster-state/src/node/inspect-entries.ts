import type { Entry as ReceivedEntry } from '@darkroom/contracts'
import type { Entry } from '@darkroom/crdt'
import { ProtocolError } from './protocol-error.ts'

/** Of a register's value as JSON. */
export const maxValueBytes = 4096

/**
 * What a peer sent, as entries: after the shape, which the contract checked, what the shape can't say.
 *
 * @throws ProtocolError
 */
export function inspectEntries(entries: readonly ReceivedEntry[]): Entry[] {
  for (const entry of entries) {
    if (entry.kind === 'register') inspectValue(entry)
    else inspectCount(entry)
  }
  return entries as Entry[] // its values came as JSON
}

function inspectValue({ name, value }: Extract<ReceivedEntry, { kind: 'register' }>): void {
  if (value !== undefined && valueBytes(value) > maxValueBytes) {
    throw new ProtocolError(`the value of register ${name} has more than ${maxValueBytes} bytes`)
  }
}

/** Nothing is in a window that isn't in the total. */
function inspectCount({ name, total, ...rings }: Extract<ReceivedEntry, { kind: 'count' }>): void {
  for (const { counts } of [rings.seconds, rings.minutes, rings.hours]) {
    const sum = counts.reduce((one, other) => one + other, 0)
    if (sum > total) throw new ProtocolError(`a window of counter ${name} has ${sum} of a total of ${total}`)
  }
}

/** Of a value as JSON; infinite of one that is nested so deeply that it can't be written. */
export function valueBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value))
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY
    throw error
  }
}
