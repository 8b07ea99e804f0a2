import type { TiffEntry } from './tiff-directory.ts'

/** Writes TIFF structures, each part after the previous part; `start` holds the bytes that exist already. */
export class TiffWriter {
  readonly #parts: Uint8Array[]
  #length: number

  constructor(start: Uint8Array) {
    this.#parts = [start]
    this.#length = start.length
  }

  /**
   * Returns the position of the directory. Longer values are already at the positions in `places`, or are written
   * before it.
   */
  directory(
    entries: readonly TiffEntry[],
    places: ReadonlyMap<number, number> = new Map(),
  ): { at: number; nextAt: number } {
    const written = encodeDirectory(entries, ({ tag, value }) => places.get(tag) ?? this.append(value))
    const at = this.append(written)
    return { at, nextAt: at + written.length - 4 }
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts, this.#length)
  }

  /** Returns the position of the part, which is even. */
  append(part: Uint8Array): number {
    const padding = this.#length % 2
    const at = this.#length + padding
    this.#parts.push(new Uint8Array(padding), part)
    this.#length = at + part.length
    return at
  }
}

/** A little-endian TIFF with one directory. `write` writes what its entries point to, and returns them. */
export function encodeTiff(write: (writer: TiffWriter) => readonly TiffEntry[]): Buffer {
  const writer = new TiffWriter(Buffer.from('II*\0\0\0\0\0', 'latin1'))
  const { at } = writer.directory(write(writer))
  const bytes = writer.bytes()
  bytes.writeUInt32LE(at, 4)
  return bytes
}

/** A directory without a successor. It must be at an even position, with its entries in the order of their tags. */
export function encodeDirectory(
  entries: readonly TiffEntry[],
  placeOf: (entry: TiffEntry) => number,
): Buffer {
  const sorted = entries.toSorted((one, other) => one.tag - other.tag)
  const written = Buffer.alloc(2 + 12 * sorted.length + 4)
  written.writeUInt16LE(sorted.length)
  for (const [index, entry] of sorted.entries()) {
    const { tag, type, count, value } = entry
    const entryAt = 2 + 12 * index
    written.writeUInt16LE(tag, entryAt)
    written.writeUInt16LE(type, entryAt + 2)
    written.writeUInt32LE(count, entryAt + 4)
    if (value.length <= 4) written.set(value, entryAt + 8)
    else written.writeUInt32LE(placeOf(entry), entryAt + 8)
  }
  return written
}

export function shortsEntry(tag: number, ...numbers: readonly number[]): TiffEntry {
  return { tag, type: 3, count: numbers.length, value: Buffer.from(Uint16Array.from(numbers).buffer) }
}

export function longsEntry(tag: number, ...numbers: readonly number[]): TiffEntry {
  return { tag, type: 4, count: numbers.length, value: Buffer.from(Uint32Array.from(numbers).buffer) }
}

export function fractionEntry(tag: number, fraction: readonly [number, number]): TiffEntry {
  return { ...longsEntry(tag, ...fraction), type: 5, count: 1 }
}

export function bytesEntry(tag: number, type: 1 | 7, value: Uint8Array): TiffEntry {
  return { tag, type, count: value.length, value }
}
