import type { Rectangle } from '../rectangle.ts'
import type { EncodedScan } from './encode-scan.ts'
import { type Frame, unitOf } from './frame.ts'
import { codesOf, type HuffmanTable } from './huffman-table.ts'
import { expectNoError } from './jpeg-kernel.ts'
import { describePlanes } from './planes.ts'
import type { Scan } from './scan.ts'
import { openOnlyScan, type ScanHandler, type ScannedFile } from './scan-reader.ts'
import { withAllCategories } from './with-all-categories.ts'

/** Cuts a part out of the only scan of a sequential image, and follows the codes of the rest. */
export class ScanCutter implements ScanHandler {
  readonly window: Rectangle
  /** The scans of the part. */
  readonly scans: { scan: Scan; encoded: EncodedScan }[] = []
  readonly #file: ScannedFile

  /** @param windowOf chooses the part, which begins between MCUs, and ends between MCUs or at the frame's edge */
  constructor(file: ScannedFile, windowOf: (frame: Frame) => Rectangle) {
    this.#file = file
    this.window = windowOf(file.frame)
    describePlanes(file.kernel, file.frame)
  }

  read(scan: Scan, from: number, interval: number): number {
    const { kernel, input, frame, tables } = this.#file
    const { start, end, mask, copy } = openOnlyScan(this.#file, scan)
    // Longer DC codes make a block at most 5/3 as long, and stuffing can double that.
    const target = kernel.allocate(4 * input.length + 16)
    const ids = new Set(scan.components.map(({ dcTable }) => dcTable))
    const extended = [...ids].map(id => ({ id, table: withAllCategories(tables.expect(id)) }))
    const hasOwnCodes = extended.every(({ table }) => table)
    const dcTables = extended.map(({ id, table }) => ({ id, ...(hasOwnCodes && table ? table : anyDc) }))
    const codes = new Uint32Array(kernel.memory.buffer, kernel.codesAt.value)
    for (const table of dcTables) codes.set(codesOf(table), 256 * table.id)
    const { left, top, width, height } = this.window
    const { horizontal, vertical } = unitOf(frame)
    const across = (pixels: number) => Math.ceil(pixels / (8 * horizontal))
    const down = (pixels: number) => Math.ceil(pixels / (8 * vertical))
    const error = kernel.cutScan(
      start + from,
      end,
      mask,
      interval,
      hasOwnCodes,
      across(frame.width),
      down(frame.height),
      across(left),
      down(top),
      across(left + width),
      down(top + height),
      copy,
      target,
    )
    expectNoError(kernel, error)
    this.scans.push({ scan, encoded: this.#encoded(scan, dcTables, target) })
    return kernel.scanEnd.value - start
  }

  #encoded(scan: Scan, dcTables: EncodedScan['tables'], target: number): EncodedScan {
    const { kernel, tables: own } = this.#file
    const data = new Uint8Array(kernel.memory.buffer.slice(target, kernel.cutEnd.value))
    const acTables = new Set(scan.components.map(({ acTable }) => 16 + acTable))
    return { tables: [...dcTables, ...[...acTables].map(id => ({ id, ...own.expect(id) }))], data }
  }
}

/** Has a code for every category that DC can have (T.81, table K.3). */
const anyDc: HuffmanTable = {
  counts: Uint8Array.of(0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0),
  symbols: Uint8Array.from({ length: 12 }, (_, category) => category),
}
