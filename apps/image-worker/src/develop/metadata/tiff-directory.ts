/** An entry of a TIFF directory (TIFF 6.0, section 2); its value in the byte order that is written here, the lower byte first. */
export interface TiffEntry {
  readonly tag: number
  readonly type: number
  readonly count: number
  readonly value: Uint8Array
}

export interface TiffDirectory {
  readonly entries: TiffEntry[]
  /** Where the number stands that says where the next directory is, or 0. */
  readonly nextAt: number
  readonly next: number
}

/** Bytes of a value of each type (TIFF 6.0, section 2, and Exif's UTF-8, 129), 0 where it is unknown. */
const typeBytes: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1,
} // biome-ignore format: a list

/** Numbers of a fraction are two of four bytes, which are turned round each for itself. */
const numberBytes = (type: number) => (type === 5 || type === 10 ? 4 : (typeBytes[type] ?? 1))

/** Reads TIFF structures: files that aren't BigTIFF, and EXIF. What lies outside the bytes isn't read. */
export class TiffReader {
  readonly #bytes: Buffer
  readonly #isLittleEndian: boolean

  private constructor(bytes: Buffer, isLittleEndian: boolean) {
    this.#bytes = bytes
    this.#isLittleEndian = isLittleEndian
  }

  /** Undefined where the bytes are no such structure. */
  static of(bytes: Uint8Array): TiffReader | undefined {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const order = buffer.toString('latin1', 0, 4)
    if (buffer.length < 8 || (order !== 'II*\0' && order !== 'MM\0*')) return undefined
    return new TiffReader(buffer, order === 'II*\0')
  }

  get firstAt(): number {
    return this.long(4)
  }

  long(at: number): number {
    return this.#isLittleEndian ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at)
  }

  /** Undefined where there is none. Entries of unknown types, or whose values are missing, are left out. */
  directory(at: number): TiffDirectory | undefined {
    if (at < 8 || at + 6 > this.#bytes.length) return undefined
    const count = this.#short(at)
    const nextAt = at + 2 + 12 * count
    if (nextAt + 4 > this.#bytes.length) return undefined
    const entries = Array.from({ length: count }, (_, index) => this.#entry(at + 2 + 12 * index))
    return { entries: entries.filter(entry => entry !== undefined), nextAt, next: this.long(nextAt) }
  }

  #entry(at: number): TiffEntry | undefined {
    const [tag, type, count] = [this.#short(at), this.#short(at + 2), this.long(at + 4)]
    const length = count * (typeBytes[type] ?? 0)
    const valueAt = length <= 4 ? at + 8 : this.long(at + 8)
    if (length === 0 || valueAt + length > this.#bytes.length) return undefined
    const value = Uint8Array.from(this.#bytes.subarray(valueAt, valueAt + length))
    const width = numberBytes(type)
    if (!this.#isLittleEndian) {
      for (let number = 0; number < length; number += width) value.subarray(number, number + width).reverse()
    }
    return { tag, type, count, value }
  }

  #short(at: number): number {
    return this.#isLittleEndian ? this.#bytes.readUInt16LE(at) : this.#bytes.readUInt16BE(at)
  }
}

/** Writes TIFF structures, each part behind the one before; `start` is what there is already. */
export class TiffWriter {
  readonly #parts: Uint8Array[]
  #length: number

  constructor(start: Uint8Array) {
    this.#parts = [start]
    this.#length = start.length
  }

  /** Gives where the directory stands. Directories must begin at even bytes, and list their entries by tag. */
  directory(entries: readonly TiffEntry[]): { at: number; nextAt: number } {
    const sorted = entries.toSorted((one, other) => one.tag - other.tag)
    const written = Buffer.alloc(2 + 12 * sorted.length + 4)
    written.writeUInt16LE(sorted.length)
    for (const [index, { tag, type, count, value }] of sorted.entries()) {
      const entryAt = 2 + 12 * index
      written.writeUInt16LE(tag, entryAt)
      written.writeUInt16LE(type, entryAt + 2)
      written.writeUInt32LE(count, entryAt + 4)
      if (value.length <= 4) written.set(value, entryAt + 8)
      else written.writeUInt32LE(this.#append(value), entryAt + 8)
    }
    const at = this.#append(written)
    return { at, nextAt: at + written.length - 4 }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length)
  }

  #append(part: Uint8Array): number {
    const padding = this.#length % 2
    const at = this.#length + padding
    this.#parts.push(new Uint8Array(padding), part)
    this.#length = at + part.length
    return at
  }
}

export function bytesEntry(tag: number, type: 1 | 7, value: Uint8Array): TiffEntry {
  return { tag, type, count: value.length, value }
}

export function offsetEntry(tag: number, offset: number): TiffEntry {
  const value = Buffer.alloc(4)
  value.writeUInt32LE(offset)
  return { tag, type: 4, count: 1, value }
}
