import { NotWellFormed } from '../not-well-formed.ts'
import type { Frame } from './frame.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import type { Scan } from './scan.ts'

/** More scans than any encoder makes are there to keep a decoder busy. */
const maxScans = 100

/** What of each component came in the scans so far. */
export class ScanHistory {
  readonly #components
  #left = maxScans

  constructor({ components }: Frame) {
    this.#components = components.map(({ table }) => ({
      table,
      quantisation: undefined as QuantisationTable | undefined,
      /** The lowest bit of each coefficient that came; -1 for none. */
      lowest: new Int8Array(64).fill(-1),
    }))
  }

  /**
   * Takes a scan, and its components' quantisation tables as they are now.
   *
   * @throws NotWellFormed for a scan that doesn't follow upon the ones before
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
        throw new NotWellFormed('a scan does not follow upon the ones before')
      lowest.fill(lowBit, spectralStart, spectralEnd + 1)
      component.quantisation ??= tables.get(component.table)
      if (!component.quantisation) throw new NotWellFormed('a quantisation table is missing')
    }
  }

  /**
   * The quantisation table of each component.
   *
   * @throws NotWellFormed where bits are missing, for which decoders make up something (libjpeg's jdcoefct.c: block
   * smoothing)
   */
  end(): QuantisationTable[] {
    return this.#components.map(({ quantisation, lowest }) => {
      if (!quantisation || lowest.some(bit => bit !== 0))
        throw new NotWellFormed('a part of the image is missing')
      return quantisation
    })
  }
}
