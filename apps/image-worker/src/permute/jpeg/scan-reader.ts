import { NotWellFormed } from '../not-well-formed.ts'
import type { Frame } from './frame.ts'
import { expectNoError, type JpegKernel } from './jpeg-kernel.ts'
import { allocatePlanes, type Plane } from './planes.ts'
import type { Scan } from './scan.ts'

/** Reads the scans of an image into coefficients in the kernel's memory. */
export class ScanReader {
  readonly #kernel: JpegKernel
  readonly planes: readonly Plane[]
  /** Where the file lies in the kernel's memory. */
  readonly #start: number
  readonly #end: number
  /** By kind, 16 for AC, and number. */
  readonly #defined = new Set<number>()
  #tablesLeft = maxTables

  constructor(kernel: JpegKernel, input: Uint8Array, frame: Frame) {
    this.#kernel = kernel
    this.#start = kernel.allocate(input.length + lookahead)
    this.#end = this.#start + input.length
    const room = new Uint8Array(kernel.memory.buffer, this.#start, input.length + lookahead)
    room.set(input)
    room.fill(0xff, input.length)
    this.planes = allocatePlanes(kernel, frame)
  }

  /** The tables of a DHT segment (T.81, B.2.4.2), for scans that come behind it. */
  defineHuffmanTables(data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      this.#tablesLeft -= 1
      if (this.#tablesLeft < 0) throw new NotWellFormed('there are too many Huffman tables')
      const kind = data.readUInt8(at)
      const counts = data.subarray(at + 1, at + 17)
      const total = counts.reduce((sum, count) => sum + count, 0)
      const table = data.subarray(at + 1, at + 17 + total)
      if ((kind & 0xec) !== 0 || total > 256 || table.length < 16 + total)
        throw new NotWellFormed('a Huffman table is cut off or of an unknown kind')
      const room = this.#kernel.allocate(table.length)
      new Uint8Array(this.#kernel.memory.buffer).set(table, room)
      if (!this.#kernel.defineDecodeTable(kind >> 4, kind & 3, room, room + 16))
        throw new NotWellFormed('a Huffman table has codes or symbols that there are not')
      this.#defined.add(kind)
      at += 17 + total
    }
  }

  /** Reads a scan whose data begin at this byte of the input; gives where they end, at a marker. */
  read(scan: Scan, from: number, interval: number): number {
    let [scanned, tables] = [0, 0]
    for (const { index, dcTable, acTable } of scan.components) {
      const usesDc = scan.first === 0 && scan.high === 0
      const usesAc = scan.last > 0
      if ((usesDc && !this.#defined.has(dcTable)) || (usesAc && !this.#defined.has(16 + acTable)))
        throw new NotWellFormed('a Huffman table is missing')
      scanned |= 1 << index
      tables |= ((dcTable << 4) | acTable) << (8 * index)
    }
    const { isProgressive, first, last, high, low } = scan
    this.#kernel.setRange(isProgressive, first, last, high, low)
    expectNoError(this.#kernel.decodeScan(this.#start + from, this.#end, scanned, tables, interval))
    return this.#kernel.scanEnd.value - this.#start
  }
}

/** All eight for each of a hundred scans. Millions, of 19 bytes each, would take longer than the image. */
const maxTables = 800

/** Bytes behind the file that may be looked at: ones, which are no data. */
const lookahead = 16
