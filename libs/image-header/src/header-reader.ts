import type { ByteSource } from './byte-source.ts'
import { MalformedImage } from './malformed-image.ts'

/**
 * The bytes of one read. A higher value costs more bytes for sparse headers, a lower value more reads for dense
 * headers.
 */
export const blockBytes = 64 * 1024

/** The number of blocks in memory: a structure and the data it points at may be far apart. */
const cachedBlocks = 4

/** How many reads are allowed beyond two passes over the file, for structures that point back and forth (a TIFF's pages). */
const scatteredReads = 4096

/**
 * Random access to a file's header through a small cache of blocks. It keeps the library's two promises for any input:
 * the cache bounds the memory, and `readBudget(size)` bounds the reads.
 */
export class HeaderReader {
  readonly size: number
  readonly #source: ByteSource
  readonly #blocks = new Map<number, DataView>()
  #readsLeft: number
  #current: DataView = emptyView
  #currentStart = 0

  constructor(source: ByteSource) {
    this.size = source.size
    this.#source = source
    this.#readsLeft = readBudget(source.size)
  }

  /**
   * Exactly `length` bytes from `offset`. Synchronous if the bytes are in memory, so that walking many small structures
   * doesn't cost a turn of the event loop each. Throws MalformedImage if the file ends earlier.
   */
  view(offset: number, length: number): DataView | Promise<DataView> {
    const at = offset - this.#currentStart
    if (at >= 0 && at + length <= this.#current.byteLength) return slice(this.#current, at, length)
    return this.#load(offset, length)
  }

  /** At least one byte from `offset`, and as many more as are in memory; undefined at the end of the file. */
  async rest(offset: number): Promise<DataView | undefined> {
    if (offset >= this.size) return undefined
    const at = offset - this.#currentStart
    if (at >= 0 && at < this.#current.byteLength) return slice(this.#current, at)
    await this.#load(offset, 1)
    return slice(this.#current, offset - this.#currentStart)
  }

  /** Reads like `view`, as Latin-1 text. */
  async text(offset: number, length: number): Promise<string> {
    return latin1(await this.view(offset, length))
  }

  async #load(offset: number, length: number): Promise<DataView> {
    if (!(offset >= 0 && offset + length <= this.size))
      throw new MalformedImage(`the file ends inside its header, after ${this.size} bytes`)
    const first = Math.floor(offset / blockBytes)
    const last = Math.floor((offset + length - 1) / blockBytes)
    const joined = new Uint8Array(first === last ? 0 : length)
    for (let index = first; index <= last; index++) {
      await this.#makeCurrent(index)
      if (first === last) return slice(this.#current, offset - this.#currentStart, length)
      const from = Math.max(offset, this.#currentStart)
      const until = Math.min(offset + length, this.#currentStart + blockBytes)
      joined.set(bytesOf(slice(this.#current, from - this.#currentStart, until - from)), from - offset)
    }
    return new DataView(joined.buffer)
  }

  async #makeCurrent(index: number): Promise<void> {
    const block = this.#blocks.get(index) ?? (await this.#readBlock(index))
    this.#blocks.delete(index)
    this.#blocks.set(index, block)
    for (const oldest of this.#blocks.keys())
      if (this.#blocks.size > cachedBlocks) this.#blocks.delete(oldest)
    this.#current = block
    this.#currentStart = index * blockBytes
  }

  async #readBlock(index: number): Promise<DataView> {
    if (this.#readsLeft-- === 0)
      throw new MalformedImage('the header is scattered over too many places of the file')
    const length = Math.min(blockBytes, this.size - index * blockBytes)
    const bytes = await this.#source.read(index * blockBytes, length)
    if (bytes.length < length) throw new MalformedImage('the file is shorter than its declared size')
    return new DataView(bytes.buffer, bytes.byteOffset, length)
  }
}

/** The most reads that any file of this size can cause. */
export function readBudget(size: number): number {
  return 2 * Math.ceil(size / blockBytes) + scatteredReads
}

/** The bytes as Latin-1 text: identifiers, brands, chunk types. */
export function latin1(view: DataView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1')
}

const emptyView = new DataView(new ArrayBuffer(0))

function slice(view: DataView, at: number, length = view.byteLength - at): DataView {
  return new DataView(view.buffer, view.byteOffset + at, length)
}

function bytesOf(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
}
