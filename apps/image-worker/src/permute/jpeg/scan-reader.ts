import type { DecodeTables } from './decode-tables.ts'
import type { Frame } from './frame.ts'
import { expectNoError, type JpegKernel } from './jpeg-kernel.ts'
import { allocatePlanes, type Plane } from './planes.ts'
import { componentMask, type Scan, setRange } from './scan.ts'

/** Reads the scans of an image into coefficients in the kernel's memory. */
export class ScanReader {
  readonly planes: readonly Plane[]
  readonly #kernel: JpegKernel
  readonly #tables: DecodeTables
  /** Where the file lies in the kernel's memory. */
  readonly #start: number
  readonly #end: number

  constructor(kernel: JpegKernel, tables: DecodeTables, input: Uint8Array, frame: Frame) {
    this.#kernel = kernel
    this.#tables = tables
    this.#start = kernel.allocate(input.length + lookahead)
    this.#end = this.#start + input.length
    const room = new Uint8Array(kernel.memory.buffer, this.#start, input.length + lookahead)
    room.set(input)
    room.fill(0xff, input.length)
    this.planes = allocatePlanes(kernel, frame)
  }

  /**
   * Reads a scan whose data begin at this byte of the input; gives where they end, at a marker.
   *
   * @param interval MCUs between restart markers, or 0
   * @throws NotWellFormed
   */
  read(scan: Scan, from: number, interval: number): number {
    for (const { index, dcTable, acTable } of scan.components) {
      if (scan.spectralStart === 0 && scan.highBit === 0) this.#tables.expect(dcTable)
      if (scan.spectralEnd > 0) this.#tables.expect(16 + acTable)
      this.#kernel.setTables(index, dcTable, acTable)
    }
    setRange(this.#kernel, scan)
    const start = this.#start + from
    expectNoError(this.#kernel, this.#kernel.decodeScan(start, this.#end, componentMask(scan), interval))
    return this.#kernel.scanEnd.value - this.#start
  }
}

/** Bytes behind the file that may be looked at: ones, which are no data. */
const lookahead = 16
