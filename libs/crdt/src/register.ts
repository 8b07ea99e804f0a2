import { compareTexts } from './compare-texts.ts'
import type { Json } from './json.ts'

/**
 * A last-writer-wins register: the write with the higher generation wins; with the same generation, the write of the
 * greater writer. A register without a value was deleted. This tombstone is kept so that an older value that arrives late
 * doesn't return.
 */
export interface Register {
  readonly generation: number
  readonly writer: string
  readonly value?: Json
}

/**
 * The register after a write by this node; undefined deletes the register. Each write is newer than the node's previous
 * write, because it raises the generation.
 *
 * @throws RangeError when the generations are used up
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
 * Below 0 if the first is older, 0 if they are the same. The value is compared last, because a writer may use a
 * generation twice if its disk was restored to an earlier state. If the values weren't compared, the register would
 * differ between nodes forever.
 */
export function compareRegisters(one: Register, other: Register): number {
  return (
    one.generation - other.generation ||
    compareTexts(one.writer, other.writer) ||
    compareTexts(valueText(one), valueText(other))
  )
}

/** The same text on every node. The text of a tombstone is empty, and so the lowest. */
export function valueText({ value }: Register): string {
  return value === undefined ? '' : JSON.stringify(value)
}
