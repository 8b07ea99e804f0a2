import { NotWellFormed } from '../not-well-formed.ts'
import type { Frame } from './frame.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import type { Scan } from './scan.ts'

/** The most scans that are accepted. No encoder writes that many; more would only keep a decoder busy. */
const maxScans = 100

/** The bits of each component that the scans so far contain. */
export class ScanHistory {
  readonly #components
  #left = maxScans

  constructor({ components }: Frame) {
    this.#components = components.map(({ table }) => ({
      table,
      quantisation: undefined as QuantisationTable | undefined,
      /** The lowest bit of each coefficient that a scan contained; -1 for none. */
      lowest: new Int8Array(64).fill(-1),
    }))
  }

  /**
   * Adds a scan, with the current quantisation tables of its components.
   *
   * @throws NotWellFormed for a scan that can't follow the scans before
   */
  add(scan: Scan, tables: ReadonlyMap<number, QuantisationTable>): void {
    const { spectralStart, spectralEnd, highBit, lowBit } = scan
    this.#left -= 1
    if (this.#left < 0) throw new NotWellFormed('there are too many scans')
    for (const { index } of scan.components) {
      const component = this.#components[index]
      if (!component) continue
      const { lowest } = component
      const expected = highBit === 0 ? -1 : highBit
      const isNext = lowest.subarray(spectralStart, spectralEnd + 1).every(bit => bit === expected)
      if (!isNext || (spectralStart > 0 && lowest[0] === -1))
        throw new NotWellFormed('a scan cannot follow the scans before it')
      lowest.fill(lowBit, spectralStart, spectralEnd + 1)
      component.quantisation ??= tables.get(component.table)
      if (!component.quantisation) throw new NotWellFormed('a quantisation table is missing')
    }
  }

  /**
   * The quantisation table of each component.
   *
   * @throws NotWellFormed if bits are missing, which decoders make up (libjpeg's jdcoefct.c: block smoothing)
   */
  end(): QuantisationTable[] {
    return this.#components.map(({ quantisation, lowest }) => {
      if (!quantisation || lowest.some(bit => bit !== 0))
        throw new NotWellFormed('a part of the image is missing')
      return quantisation
    })
  }
}
