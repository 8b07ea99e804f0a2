/** An entry of a TIFF directory (TIFF 6.0, section 2). Its value is little-endian, as in the files that we write. */
export interface TiffEntry {
  readonly tag: number
  readonly type: number
  readonly count: number
  readonly value: Uint8Array
  /** The positions of the entry and its value in the file that they were read from. */
  readonly at?: number
  readonly valueAt?: number
}

export interface TiffDirectory {
  readonly at: number
  readonly entries: readonly TiffEntry[]
  /** The position of the number that points to the next directory, or is 0. */
  readonly nextAt: number
  readonly next: number
}

/** Bytes of a value of each type (TIFF 6.0, section 2, BigTIFF's 16 to 18, Exif's UTF-8, 129), 0 for unknown types. */
const typeBytes: Readonly<Record<number, number>> = {
  1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8, 129: 1,
} // biome-ignore format: a list

/** The same limit as in the header reader. */
const maxPages = 10_000

/** The widths of the numbers in a directory, in bytes: TIFF 6.0, section 2, and the BigTIFF design. */
export interface Layout {
  readonly header: number
  readonly firstAt: number
  readonly offset: 4 | 8
  readonly count: 2 | 8
  readonly entry: 12 | 20
}

const classic: Layout = { header: 8, firstAt: 4, offset: 4, count: 2, entry: 12 }
const big: Layout = { header: 16, firstAt: 8, offset: 8, count: 8, entry: 20 }

const layouts: Readonly<Record<string, Layout>> = {
  'II*\0': classic,
  'MM\0*': classic,
  'II+\0': big,
  'MM\0+': big,
}

/** The layout of a structure that begins with these bytes; undefined for other bytes. */
export function layoutOf(bytes: Buffer): Layout | undefined {
  return layouts[bytes.toString('latin1', 0, 4)]
}

/** Reads TIFF structures: files (including BigTIFF) and EXIF. Never reads outside the bytes. */
export class TiffReader {
  readonly isLittleEndian: boolean
  readonly #bytes: Buffer
  readonly #layout: Layout

  private constructor(bytes: Buffer, layout: Layout) {
    this.#bytes = bytes
    this.#layout = layout
    this.isLittleEndian = bytes[0] === 0x49
  }

  /** Undefined if the bytes don't begin like a TIFF structure. */
  static of(bytes: Uint8Array): TiffReader | undefined {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const layout = layoutOf(buffer)
    if (!layout || buffer.length < layout.header) return undefined
    return new TiffReader(buffer, layout)
  }

  get firstAt(): number {
    return this.#number(this.#layout.firstAt, this.#layout.offset)
  }

  /**
   * The directory at this position, or undefined. Leaves out entries of unknown types, with missing values, with a
   * repeated tag, or with more values together than the bytes could hold: only in a forged structure do values overlap.
   */
  directory(at: number): TiffDirectory | undefined {
    const { header, offset, count, entry } = this.#layout
    if (at < header || at + count + offset > this.#bytes.length) return undefined
    const length = this.#number(at, count)
    const nextAt = at + count + entry * length
    if (nextAt + offset > this.#bytes.length) return undefined
    const entries = new Map<number, TiffEntry>()
    let bytesLeft = this.#bytes.length
    for (let entryAt = at + count; entryAt < nextAt; entryAt += entry) {
      const tag = this.#number(entryAt, 2)
      const found = entries.has(tag) ? undefined : this.#entry(tag, entryAt, bytesLeft)
      if (!found) continue
      entries.set(tag, found.entry)
      bytesLeft -= found.length
    }
    return { at, entries: [...entries.values()], nextAt, next: this.#number(nextAt, offset) }
  }

  /** The chain of directories, one for each page, up to the first that can't be read. */
  directories(): TiffDirectory[] {
    const chain = new Map<number, TiffDirectory>()
    for (let at = this.firstAt; !chain.has(at) && chain.size < maxPages; ) {
      const directory = this.directory(at)
      if (!directory) break
      chain.set(at, directory)
      at = directory.next
    }
    return [...chain.values()]
  }

  /** Whether the file ends with the entries of a directory, where the position of the next directory is missing. */
  get isOpenEnded(): boolean {
    const { header, offset, count, entry } = this.#layout
    const at = this.directories().at(-1)?.next ?? this.firstAt
    const end = this.#bytes.length
    if (at < header || at + count > end) return false
    const nextAt = at + count + entry * this.#number(at, count)
    return nextAt <= end && nextAt + offset > end
  }

  /** The value is read only on request, because many directories may share a large value. */
  #entry(tag: number, at: number, maxBytes: number): { entry: TiffEntry; length: number } | undefined {
    const { offset } = this.#layout
    const [type, count] = [this.#number(at + 2, 2), this.#number(at + 4, offset)]
    const length = count * (typeBytes[type] ?? 0)
    const fieldAt = at + 4 + offset
    const valueAt = length <= offset ? fieldAt : this.#number(fieldAt, offset)
    if (length === 0 || length > maxBytes || valueAt + length > this.#bytes.length) return undefined
    const stored = this.#bytes.subarray(valueAt, valueAt + length)
    const { isLittleEndian } = this
    const entry = {
      tag,
      type,
      count,
      at,
      valueAt,
      get value() {
        return isLittleEndian ? stored : withNumbersReversed(tag, type, stored)
      },
    }
    return { entry, length }
  }

  /** A 64-bit number beyond the safe integers points beyond the end of any file. */
  #number(at: number, bytes: 2 | 4 | 8): number {
    if (bytes < 8)
      return this.isLittleEndian ? this.#bytes.readUIntLE(at, bytes) : this.#bytes.readUIntBE(at, bytes)
    return Number(this.isLittleEndian ? this.#bytes.readBigUInt64LE(at) : this.#bytes.readBigUInt64BE(at))
  }
}

/** Reverses the byte order of the numbers in a value. */
export function withNumbersReversed(tag: number, type: number, stored: Uint8Array): Uint8Array {
  const value = Uint8Array.from(stored)
  const isUnicode = tag === userComment && Buffer.from(value.subarray(0, 8)).toString('latin1') === unicode
  // The letters of a Unicode comment are in the byte order of the structure (Exif 2.32, 4.6.5 D), though their type is
  // bytes.
  const numbers = isUnicode ? value.subarray(unicode.length) : value
  // A fraction is two numbers.
  const width = isUnicode ? 2 : type === 5 || type === 10 ? 4 : (typeBytes[type] ?? 1)
  for (let at = 0; at < numbers.length; at += width) numbers.subarray(at, at + width).reverse()
  return value
}

/** The tag of EXIF's comment, and the name of the code in which it is written. */
const userComment = 0x9286
const unicode = 'UNICODE\0'

/** The first number of an entry, also of a fraction; undefined for text and the like. */
export function numberOf(entry: TiffEntry | undefined): number | undefined {
  if (entry?.type !== 5) return numbersOf(entry)[0]
  const value = Buffer.from(entry.value)
  return value.readUInt32LE() / value.readUInt32LE(4)
}

/** The whole numbers of an entry; empty for other types. */
export function numbersOf(entry: TiffEntry | undefined): number[] {
  const width = entry && wholeNumberBytes[entry.type]
  if (!width) return []
  const value = Buffer.from(entry.value)
  return Array.from({ length: entry.count }, (_, index) =>
    width === 8 ? Number(value.readBigUInt64LE(8 * index)) : value.readUIntLE(width * index, width),
  )
}

/** Numbers of signed types are sizes and the like, and not below zero. */
const wholeNumberBytes: Readonly<Record<number, number>> = {
  1: 1, 3: 2, 4: 4, 6: 1, 8: 2, 9: 4, 13: 4, 16: 8, 17: 8, 18: 8,
} // biome-ignore format: a list
