import { NotWellFormed } from '../not-well-formed.ts'
import type { Frame } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'

/** The bits and coefficients that a scan contains (T.81, B.2.3 and G.1.1.1). */
export interface Scan {
  readonly isProgressive: boolean
  readonly components: readonly {
    /** In the frame. */
    readonly index: number
    readonly dcTable: number
    readonly acTable: number
  }[]
  /** Ss and Se, in zigzag order. */
  readonly spectralStart: number
  readonly spectralEnd: number
  /** Ah and Al: the lowest bit that came before, or 0 for none, and the lowest bit in this scan. */
  readonly highBit: number
  readonly lowBit: number
}

/** @throws NotWellFormed for a scan header that no such frame can have */
export function parseScan(data: Buffer, { components, isProgressive }: Frame): Scan {
  const count = data[0] ?? 0
  if (count === 0 || data.length !== 4 + 2 * count)
    throw new NotWellFormed('the scan header has a wrong length')
  const scanned = Array.from({ length: count }, (_, at) => {
    const [id, tables = 0] = data.subarray(1 + 2 * at)
    const index = components.findIndex(component => component.id === id)
    if (index === -1) throw new NotWellFormed('a scan has a component that the frame does not have')
    if ((tables & 0xcc) !== 0) throw new NotWellFormed('a scan uses a table that does not exist')
    return { index, dcTable: tables >> 4, acTable: tables & 15 }
  })
  if (scanned.some(({ index }, at) => index <= (scanned[at - 1]?.index ?? -1)))
    throw new NotWellFormed('the components of a scan are out of order')
  const [spectralStart = 0, spectralEnd = 0, bits = 0] = data.subarray(-3)
  const range = { spectralStart, spectralEnd, highBit: bits >> 4, lowBit: bits & 15 }
  const scan = { isProgressive, components: scanned, ...range }
  expectRange(scan)
  return scan
}

/** T.81, table B.3 and G.1.1.1.1. */
function expectRange({ isProgressive, components, spectralStart, spectralEnd, highBit, lowBit }: Scan): void {
  const isWhole = spectralStart === 0 && spectralEnd === 63 && highBit === 0 && lowBit === 0
  const isOfDc = spectralStart === 0 && spectralEnd === 0
  const isOfAc =
    spectralStart > 0 && spectralStart <= spectralEnd && spectralEnd <= 63 && components.length === 1
  const areBits = lowBit <= 13 && (highBit === 0 || highBit === lowBit + 1)
  if (isProgressive ? !(areBits && (isOfDc || isOfAc)) : !isWhole)
    throw new NotWellFormed('a scan has an invalid range of coefficients or bits')
}

/** A bit for each of the scan's components. */
export function componentMask({ components }: Scan): number {
  return components.reduce((mask, { index }) => mask | (1 << index), 0)
}

/** Sets the range of the scans that the kernel reads or writes from now on. */
export function setRange(
  kernel: JpegKernel,
  { isProgressive, spectralStart, spectralEnd, highBit, lowBit }: Scan,
): void {
  kernel.setRange(isProgressive, spectralStart, spectralEnd, highBit, lowBit)
}
