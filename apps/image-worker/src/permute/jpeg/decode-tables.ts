import { NotWellFormed } from '../not-well-formed.ts'
import type { HuffmanTable } from './huffman-table.ts'
import type { JpegKernel } from './jpeg-kernel.ts'

/**
 * All eight tables for each of a hundred scans. Millions of tables, of 19 bytes each, would take longer than the image.
 */
const maxTables = 800

/** The Huffman tables for reading scans, in the kernel. */
export class DecodeTables {
  readonly #kernel: JpegKernel
  /** The tables of this image; the kernel may still hold those of the image before. */
  readonly #defined = new Map<number, HuffmanTable>()
  #left = maxTables

  constructor(kernel: JpegKernel) {
    this.#kernel = kernel
  }

  /**
   * Reads the tables of a DHT segment (T.81, B.2.4.2).
   *
   * @throws NotWellFormed for an invalid table
   */
  define(data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      this.#left -= 1
      if (this.#left < 0) throw new NotWellFormed('there are too many Huffman tables')
      const id = data.readUInt8(at)
      const values = data.subarray(at + 1, at + 17).reduce((sum, count) => sum + count, 0)
      const table = data.subarray(at + 1, at + 17 + values)
      if ((id & 0xec) !== 0 || values > 256 || table.length < 16 + values)
        throw new NotWellFormed('a Huffman table is cut off or of an unknown kind')
      new Uint8Array(this.#kernel.memory.buffer).set(table, this.#kernel.specificationAt.value)
      if (!this.#kernel.defineDecodeTable(id >> 4, id & 3))
        throw new NotWellFormed('a Huffman table has more codes than their lengths allow')
      this.#defined.set(id, { counts: table.subarray(0, 16), symbols: table.subarray(16) })
      at += 17 + values
    }
  }

  /** @throws NotWellFormed when the file has not defined the table with this id (16 for AC, plus the number) */
  expect(id: number): HuffmanTable {
    const table = this.#defined.get(id)
    if (!table) throw new NotWellFormed('a Huffman table is missing')
    return table
  }
}
