import { NotWellFormed } from '../not-well-formed.ts'
import type { Frame } from './frame.ts'
import type { Steps } from './steps.ts'

/** Which bits of which coefficients a scan has (T.81, B.2.3 and G.1.1.1). */
export interface Scan {
  readonly isProgressive: boolean
  readonly components: readonly {
    /** In the frame. */
    readonly index: number
    readonly dcTable: number
    readonly acTable: number
  }[]
  readonly first: number
  readonly last: number
  /** The lowest bit that came before, and the lowest that comes now. */
  readonly high: number
  readonly low: number
}

export function parseScan(data: Buffer, { components, isProgressive }: Frame): Scan {
  const count = data[0] ?? 0
  if (count === 0 || data.length !== 4 + 2 * count)
    throw new NotWellFormed('the scan header has another length')
  const scanned = Array.from({ length: count }, (_, at) => {
    const [id, tables = 0] = data.subarray(1 + 2 * at)
    const index = components.findIndex(component => component.id === id)
    if (index === -1) throw new NotWellFormed('a scan has a component that the frame has not')
    if ((tables & 0xcc) !== 0) throw new NotWellFormed('a scan uses a table that does not exist')
    return { index, dcTable: tables >> 4, acTable: tables & 15 }
  })
  if (scanned.some(({ index }, at) => index <= (scanned[at - 1]?.index ?? -1)))
    throw new NotWellFormed('the components of a scan are out of order')
  const [first = 0, last = 0, bits = 0] = data.subarray(-3)
  const scan = { isProgressive, components: scanned, first, last, high: bits >> 4, low: bits & 15 }
  expectRange(scan)
  return scan
}

/** T.81, table B.3 and G.1.1.1.1. */
function expectRange({ isProgressive, components, first, last, high, low }: Scan): void {
  const isWhole = first === 0 && last === 63 && high === 0 && low === 0
  const isOfDc = first === 0 && last === 0
  const isOfAc = first > 0 && first <= last && last <= 63 && components.length === 1
  const areBits = low <= 13 && (high === 0 || high === low + 1)
  if (isProgressive ? !(areBits && (isOfDc || isOfAc)) : !isWhole)
    throw new NotWellFormed('a scan has an impossible range')
}

/** What of each component came in the scans so far. */
export class ScanHistory {
  readonly #components
  #left: number

  constructor({ components }: Frame, maxScans: number) {
    this.#left = maxScans
    this.#components = components.map(({ table }) => ({
      table,
      steps: undefined as Steps | undefined,
      /** The lowest bit of each coefficient that came; -1 for none. */
      lowest: new Int8Array(64).fill(-1),
    }))
  }

  /** Throws NotWellFormed for a scan that doesn't follow upon the ones before. Takes its components' steps. */
  add({ components, first, last, high, low }: Scan, quantisation: ReadonlyMap<number, Steps>): void {
    this.#left -= 1
    if (this.#left < 0) throw new NotWellFormed('there are too many scans')
    for (const { index } of components) {
      const component = this.#components[index]
      if (!component) continue
      const { lowest } = component
      const expected = high === 0 ? -1 : high
      const isNext = lowest.subarray(first, last + 1).every(bit => bit === expected)
      if (!isNext || (first > 0 && lowest[0] === -1))
        throw new NotWellFormed('a scan does not follow upon the ones before')
      lowest.fill(low, first, last + 1)
      component.steps ??= quantisation.get(component.table)
      if (!component.steps) throw new NotWellFormed('a quantisation table is missing')
    }
  }

  /**
   * The steps of each component; throws NotWellFormed where bits are missing, for which decoders make up something
   * (libjpeg's jdcoefct.c: block smoothing).
   */
  end(): Steps[] {
    return this.#components.map(({ steps, lowest }) => {
      if (!steps || lowest.some(bit => bit !== 0)) throw new NotWellFormed('a part of the image is missing')
      return steps
    })
  }
}
