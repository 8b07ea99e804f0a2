import { NotWellFormed } from '../not-well-formed.ts'
import type { HuffmanTable } from './huffman-table.ts'
import type { JpegKernel } from './jpeg-kernel.ts'

/** All eight for each of a hundred scans. Millions, of 19 bytes each, would take longer than the image. */
const maxTables = 800

/** The Huffman tables by which scans are read, in the kernel. */
export class DecodeTables {
  readonly #kernel: JpegKernel
  /** The kernel may have others of an image before. */
  readonly #defined = new Map<number, HuffmanTable>()
  #left = maxTables

  constructor(kernel: JpegKernel) {
    this.#kernel = kernel
  }

  /**
   * Takes the tables of a DHT segment (T.81, B.2.4.2).
   *
   * @throws NotWellFormed for a table that is none
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
        throw new NotWellFormed('a Huffman table has more codes than there are')
      this.#defined.set(id, { counts: table.subarray(0, 16), symbols: table.subarray(16) })
      at += 17 + values
    }
  }

  /** @throws NotWellFormed where the table that is wanted, by what files call it (16 for AC, and the number), isn't there */
  expect(id: number): HuffmanTable {
    const table = this.#defined.get(id)
    if (!table) throw new NotWellFormed('a Huffman table is missing')
    return table
  }
}
