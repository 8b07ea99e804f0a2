import { NotWellFormed } from '../not-well-formed.ts'
import type { DecodeTables } from './decode-tables.ts'
import type { Frame } from './frame.ts'
import { expectNoError, type JpegKernel } from './jpeg-kernel.ts'
import { allocatePlanes, type Plane } from './planes.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import { componentMask, type Scan, setRange } from './scan.ts'

/** A file up to its first scan. Later segments may define further tables. */
export interface ScannedFile {
  readonly kernel: JpegKernel
  readonly input: Uint8Array
  readonly frame: Frame
  readonly tables: DecodeTables
  readonly quantisation: ReadonlyMap<number, QuantisationTable>
}

/** Reads the scans of an image. */
export interface ScanHandler {
  /**
   * Reads a scan whose data begin at this byte of the input. Returns the end of the data, which is a marker.
   *
   * @param interval MCUs between restart markers, or 0
   * @throws NotWellFormed
   */
  read(scan: Scan, from: number, interval: number): number
}

/** Reads scans into coefficients in the kernel's memory. */
export class ScanReader implements ScanHandler {
  /** The coefficients of each component. */
  readonly planes: readonly Plane[]
  readonly #kernel: JpegKernel
  readonly #tables: DecodeTables
  /** The address of the file in the kernel's memory. */
  readonly #start: number
  readonly #end: number

  constructor({ kernel, tables, input, frame }: ScannedFile) {
    this.#kernel = kernel
    this.#tables = tables
    this.#start = copyIn(kernel, input)
    this.#end = this.#start + input.length
    this.planes = allocatePlanes(kernel, frame)
  }

  read(scan: Scan, from: number, interval: number): number {
    prepareScan(this.#kernel, this.#tables, scan)
    const start = this.#start + from
    expectNoError(this.#kernel, this.#kernel.decodeScan(start, this.#end, componentMask(scan), interval))
    return this.#kernel.scanEnd.value - this.#start
  }
}

/** Copies a file into the kernel's memory and returns its address. */
export function copyIn(kernel: JpegKernel, input: Uint8Array): number {
  const start = kernel.allocate(input.length + lookahead)
  const room = new Uint8Array(kernel.memory.buffer, start, input.length + lookahead)
  room.set(input)
  room.fill(0xff, input.length)
  return start
}

/** The only scan of a sequential image, in the kernel's memory. */
interface OnlyScan {
  /** The addresses of the file, and of its end. */
  readonly start: number
  readonly end: number
  /** The scan's components, a bit each. */
  readonly mask: number
  /** The address of memory into which the kernel copies the scan's data while it reads them. */
  readonly copy: number
}

/** @throws NotWellFormed unless the scan is sequential and has all components, so that it is the only scan */
export function openOnlyScan({ kernel, input, frame, tables }: ScannedFile, scan: Scan): OnlyScan {
  if (scan.isProgressive || scan.components.length < frame.components.length)
    throw new NotWellFormed('the image has several scans')
  prepareScan(kernel, tables, scan)
  const start = copyIn(kernel, input)
  const copy = kernel.allocate(input.length + kernel.unstuffedMargin.value)
  return { start, end: start + input.length, mask: componentMask(scan), copy }
}

/** Passes the scan's range and its tables to the kernel. Throws NotWellFormed if a table is missing. */
export function prepareScan(kernel: JpegKernel, tables: DecodeTables, scan: Scan): void {
  for (const { index, dcTable, acTable } of scan.components) {
    if (scan.spectralStart === 0 && scan.highBit === 0) tables.expect(dcTable)
    if (scan.spectralEnd > 0) tables.expect(16 + acTable)
    kernel.setTables(index, dcTable, acTable)
  }
  setRange(kernel, scan)
}

/** The kernel may read this many bytes after the file. They hold ones, which can't be data. */
const lookahead = 16
