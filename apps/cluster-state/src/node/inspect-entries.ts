import type { Entry as ReceivedEntry } from '@darkroom/contracts'
import type { Entry } from '@darkroom/crdt'
import { ProtocolError } from './protocol-error.ts'

/** The limit for a register's value as JSON. */
export const maxValueBytes = 4096

/**
 * Checks received entries beyond their shape, which the contract has checked.
 *
 * @throws ProtocolError
 */
export function inspectEntries(entries: readonly ReceivedEntry[]): Entry[] {
  for (const entry of entries) {
    if (entry.kind === 'register') inspectValue(entry)
    else inspectCount(entry)
  }
  return entries as Entry[] // the values were parsed from JSON
}

function inspectValue({ name, value }: Extract<ReceivedEntry, { kind: 'register' }>): void {
  if (value !== undefined && valueBytes(value) > maxValueBytes) {
    throw new ProtocolError(`the value of register ${name} has more than ${maxValueBytes} bytes`)
  }
}

/** The counts in a window can't exceed the total. */
function inspectCount({ name, total, ...rings }: Extract<ReceivedEntry, { kind: 'count' }>): void {
  for (const { counts } of [rings.seconds, rings.minutes, rings.hours]) {
    const sum = counts.reduce((one, other) => one + other, 0)
    if (sum > total) throw new ProtocolError(`a window of counter ${name} has ${sum} of a total of ${total}`)
  }
}

/** The size of a value as JSON; infinite if it is nested too deeply to be serialized. */
export function valueBytes(value: unknown): number {
  try {
    return Buffer.byteLength(JSON.stringify(value))
  } catch (error) {
    if (error instanceof RangeError) return Number.POSITIVE_INFINITY
    throw error
  }
}
