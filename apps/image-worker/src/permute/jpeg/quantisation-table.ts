import { NotWellFormed } from '../not-well-formed.ts'

/** The steps by which a component's coefficients are quantised, in zigzag order. */
export type QuantisationTable = Uint8Array

/**
 * Reads the tables of a DQT segment (T.81, B.2.4.1).
 *
 * @throws NotWellFormed for an invalid table, and for steps of two bytes
 */
export function parseQuantisationTables(data: Buffer, tables: Map<number, QuantisationTable>): void {
  for (let at = 0; at < data.length; at += 65) {
    const kind = data.readUInt8(at)
    const steps = data.subarray(at + 1, at + 65)
    if (kind > 3 || steps.length < 64)
      throw new NotWellFormed('a quantisation table does not have 64 steps of one byte')
    if (steps.includes(0)) throw new NotWellFormed('a quantisation step is zero')
    tables.set(kind, steps)
  }
}
