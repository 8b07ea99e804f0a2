import type { Json } from './json.ts'

/**
 * A last-writer-wins register: of two writes the one with the higher generation stands, and of two that were made at
 * the same moment the one with the greater writer. Without a value it was deleted: a tombstone, kept so that an older
 * value that comes late doesn't return.
 */
export interface Register {
  readonly generation: number
  readonly writer: string
  readonly value?: Json
}

/**
 * The register after this node wrote to it; undefined deletes. Writes of one node are each newer than the one before,
 * as it raises the generation of what it knows.
 *
 * @throws RangeError when there are no generations left
 */
export function writeRegister(
  known: Register | undefined,
  writer: string,
  value: Json | undefined,
): Register {
  const generation = (known?.generation ?? 0) + 1
  if (!Number.isSafeInteger(generation)) throw new RangeError('the register has used up its generations')
  return { generation, writer, ...(value !== undefined && { value }) }
}

/**
 * Below 0 when the first is older, 0 when they are the same. The value is compared last: a writer that uses a
 * generation twice (its disk was put back to an earlier state) would otherwise split the register for ever.
 */
export function compareRegisters(one: Register, other: Register): number {
  return (
    one.generation - other.generation ||
    compareTexts(one.writer, other.writer) ||
    compareTexts(valueText(one), valueText(other))
  )
}

/** The same text on every node; that of a tombstone is empty, and so the lowest. */
export function valueText({ value }: Register): string {
  return value === undefined ? '' : JSON.stringify(value)
}

/** By UTF-16 units: the same on every machine, whatever its language. */
function compareTexts(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}
