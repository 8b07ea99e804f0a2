import { crc32 } from 'node:zlib'
import { NotWellFormed } from '../not-well-formed.ts'
import type { ByteReader } from './byte-reader.ts'

/** The most bytes of a chunk that is kept in memory whole, as in libpng (PNG_USER_CHUNK_MALLOC_MAX). */
const maxWholeChunkBytes = 8_000_000

export const pngSignature: Uint8Array = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/**
 * Reads a PNG chunk by chunk (PNG 3rd edition, 5.2 and 5.3) and checks every CRC:
 *
 *     length (4 bytes) | type (4 letters) | data (length bytes) | CRC-32 of type and data (4 bytes)
 *
 * `next()` opens a chunk, `read`/`readSome` take its data, and `close()` checks its CRC and that all of it was taken.
 * Files often have one chunk for every 8 KiB: `readRun` takes the chunks that are already in memory, without waiting.
 */
export class PngChunkReader {
  readonly #bytes: ByteReader
  #header: Uint8Array = new Uint8Array(0)
  #type: string | undefined
  #remaining = 0
  #crc = 0

  constructor(bytes: ByteReader) {
    this.#bytes = bytes
  }

  /** The open chunk's length and type, as in the file. */
  get header(): Uint8Array {
    return this.#header
  }

  /** Bytes of the open chunk's data that were not read yet. */
  get remaining(): number {
    return this.#remaining
  }

  async readSignature(): Promise<void> {
    const signature = await this.#bytes.read(pngSignature.length)
    if (Buffer.compare(signature, pngSignature) !== 0) throw new NotWellFormed('the PNG signature is missing')
  }

  /** The type of the open chunk; opens the next chunk if the last was closed. */
  async next(): Promise<string> {
    if (this.#type !== undefined) return this.#type
    const header = asBuffer(await this.#bytes.read(8))
    const length = header.readUInt32BE(0)
    const type = header.toString('latin1', 4)
    // The third letter is reserved: lower case does not conform to this version of PNG (5.4).
    if (!/^[A-Za-z]{2}[A-Z][A-Za-z]$/.test(type)) throw new NotWellFormed('a chunk has an invalid type')
    if (length > 0x7fff_ffff) throw new NotWellFormed(`the ${type} chunk's length is out of range`)
    this.#header = header
    this.#type = type
    this.#remaining = length
    this.#crc = crc32(header.subarray(4))
    return type
  }

  async read(length: number): Promise<Uint8Array> {
    if (length > this.#remaining) throw new NotWellFormed(`the ${this.#type} chunk is too short`)
    return this.#take(await this.#bytes.read(length))
  }

  async readSome(length: number): Promise<Uint8Array> {
    return this.#take(await this.#bytes.readSome(Math.min(length, this.#remaining)))
  }

  /** Returns the CRC as it is in the file. */
  async close(): Promise<Uint8Array> {
    if (this.#remaining > 0) throw new NotWellFormed(`the ${this.#type} chunk is too long`)
    const crc = asBuffer(await this.#bytes.read(4))
    expectCrc(this.#type, this.#crc, crc.readUInt32BE())
    this.#type = undefined
    return crc
  }

  /**
   * Reads the next chunks while they are of this type, completely in memory, and have at most `most` bytes of data
   * together. `take` gets the data; the result is the chunks as in the file. No chunk is open before or after. A chunk
   * of 8 KiB costs 2 us, nearly all for its CRC; awaiting `next`, `readSome` and `close` would take another 4 us.
   */
  readRun(type: string, most: number, take: (data: Uint8Array) => void): Uint8Array {
    const bytes = asBuffer(this.#bytes.buffered)
    const letters = Buffer.from(type, 'latin1')
    const typeCrc = crc32(letters)
    let end = 0
    for (let left = most; end + 12 <= bytes.length; ) {
      const length = bytes.readUInt32BE(end)
      const isNext = bytes.readUInt32BE(end + 4) === letters.readUInt32BE()
      if (!isNext || length > left || end + 12 + length > bytes.length) break
      const data = bytes.subarray(end + 8, end + 8 + length)
      expectCrc(type, crc32(data, typeCrc), bytes.readUInt32BE(end + 8 + length))
      if (length > 0) take(data)
      left -= length
      end += 12 + length
    }
    return this.#bytes.takeBuffered(end)
  }

  /** The open chunk's whole data; closes it. */
  async readWhole(): Promise<Buffer> {
    if (this.#remaining > maxWholeChunkBytes) throw new NotWellFormed(`the ${this.#type} chunk is too large`)
    const data = await this.read(this.#remaining)
    await this.close()
    return asBuffer(data)
  }

  /** Like `readWhole`; undefined if the chunk is too large to keep, or its CRC is wrong. */
  async readUnlessDamaged(): Promise<Buffer | undefined> {
    if (this.#remaining <= maxWholeChunkBytes) {
      const data = await this.read(this.#remaining)
      return (await this.#closeQuietly()) ? asBuffer(data) : undefined
    }
    while (this.#remaining > 0) await this.readSome(maxWholeChunkBytes)
    await this.#closeQuietly()
    return undefined
  }

  async expectEnd(): Promise<void> {
    if (!(await this.#bytes.hasEnded())) throw new NotWellFormed('there are bytes after IEND')
  }

  /** Whether the CRC is right. */
  async #closeQuietly(): Promise<boolean> {
    const crc = asBuffer(await this.#bytes.read(4)).readUInt32BE()
    this.#type = undefined
    return crc === this.#crc
  }

  #take(data: Uint8Array): Uint8Array {
    this.#crc = crc32(data, this.#crc)
    this.#remaining -= data.length
    return data
  }
}

function expectCrc(type: string | undefined, crc: number, written: number): void {
  if (crc !== written) throw new NotWellFormed(`the ${type} chunk's CRC does not match`)
}

/** The same memory, with Buffer's methods. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

/** A whole chunk: length, type, the parts of its data one after the other, CRC. */
export function encodeChunk(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  const chunk = Buffer.allocUnsafe(length + 12)
  chunk.writeUInt32BE(length, 0)
  chunk.write(type, 4, 'latin1')
  let at = 8
  for (const part of parts) {
    chunk.set(part, at)
    at += part.length
  }
  chunk.writeUInt32BE(crc32(chunk.subarray(4, at)), at)
  return chunk
}
