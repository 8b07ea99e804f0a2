import {
  type Layout,
  layoutOf,
  type TiffDirectory,
  type TiffEntry,
  TiffReader,
  withNumbersReversed,
} from './tiff-directory.ts'

/** Overwrites the whole numbers of an entry in the file that it was read from. Each must fit the type of the entry. */
export function overwriteNumbers(
  file: Buffer,
  { valueAt, value, count }: TiffEntry,
  numbers: readonly number[],
): void {
  if (valueAt === undefined) throw new TypeError('the entry was not read from a file')
  const width = value.length / count
  for (const [index, number] of numbers.entries())
    file.set(numberIn(file, number, width), valueAt + index * width)
}

/**
 * Leaves only these entries in a directory of the file that they were read from, in the order of their tags, and `next`
 * as the position of the next directory. Values stay where they are.
 */
export function keepEntries(
  file: Buffer,
  directory: TiffDirectory,
  kept: readonly TiffEntry[],
  next: number,
): void {
  const layout = layoutIn(file)
  const entries = kept
    .toSorted((one, other) => one.tag - other.tag)
    .map(({ at = 0 }) => file.subarray(at, at + layout.entry))
  const written = Buffer.concat([
    numberIn(file, entries.length, layout.count),
    ...entries,
    numberIn(file, next, layout.offset),
  ])
  file.set(written, directory.at)
}

/** Leaves only the directory at this position in the file's chain of directories. */
export function leaveOnly(file: Buffer, at: number): void {
  const layout = layoutIn(file)
  const directory = TiffReader.of(file)?.directory(at)
  if (!directory) throw new TypeError('the directory was not read from the file')
  file.set(numberIn(file, at, layout.offset), layout.firstAt)
  file.set(numberIn(file, 0, layout.offset), directory.nextAt)
}

/** The entries that replace a directory: some were read from the file, others are new. No tag is repeated. */
export interface NewDirectory {
  readonly directory: TiffDirectory
  readonly entries: readonly TiffEntry[]
}

/** Parts that follow a TIFF: strips, tiles, directories and their values. */
export class AddedParts {
  readonly parts: Uint8Array[] = []
  #end: number

  constructor(tiff: Uint8Array) {
    this.#end = tiff.length
  }

  /** Returns the position of the part in the longer file, which is even (TIFF 6.0, section 2). */
  append(part: Uint8Array): number {
    const at = this.#end + (this.#end % 2)
    this.parts.push(new Uint8Array(at - this.#end), part)
    this.#end = at + part.length
    return at
  }

  /** The size of the longer file, in bytes. */
  get end(): number {
    return this.#end
  }
}

/** A copy of the file, followed by `added` and then by the new directories. Nothing else moves. */
export function withDirectories(
  tiff: Uint8Array,
  changed: readonly NewDirectory[],
  added = new AddedParts(tiff),
): Buffer {
  const file = Buffer.from(tiff)
  const layout = layoutIn(file)
  const places = new Map<number, number>()
  const written = new Map<number, Buffer>()
  for (const { directory, entries } of changed) {
    const bytes = encode(file, layout, entries, added)
    written.set(directory.at, bytes)
    places.set(directory.at, added.append(bytes))
  }
  const placeOf = (at: number) => numberIn(file, places.get(at) ?? at, layout.offset)
  for (const { at, next, nextAt } of TiffReader.of(tiff)?.directories() ?? []) {
    const bytes = written.get(at)
    if (bytes) bytes.set(placeOf(next), bytes.length - layout.offset)
    else file.set(placeOf(next), nextAt)
  }
  file.set(placeOf(TiffReader.of(tiff)?.firstAt ?? 0), layout.firstAt)
  return Buffer.concat([file, ...added.parts])
}

/** A directory in the byte order of the file, with room for the position of the next. */
function encode(file: Buffer, layout: Layout, entries: readonly TiffEntry[], added: AddedParts): Buffer {
  const sorted = entries.toSorted((one, other) => one.tag - other.tag)
  const encoded = sorted.map(({ tag, type, count, value, at }) => {
    if (at !== undefined) return file.subarray(at, at + layout.entry)
    const stored = isLittleEndian(file) ? value : withNumbersReversed(tag, type, value)
    const field = new Uint8Array(layout.offset)
    if (stored.length <= layout.offset) field.set(stored)
    else field.set(numberIn(file, added.append(stored), layout.offset))
    return Buffer.concat([
      numberIn(file, tag, 2),
      numberIn(file, type, 2),
      numberIn(file, count, layout.offset),
      field,
    ])
  })
  return Buffer.concat([
    numberIn(file, encoded.length, layout.count),
    ...encoded,
    new Uint8Array(layout.offset),
  ])
}

/** The number in the byte order of the file. */
function numberIn(file: Buffer, number: number, bytes: number): Uint8Array {
  const written = Buffer.alloc(8)
  written.writeBigUInt64LE(BigInt(number))
  const used = written.subarray(0, bytes)
  return isLittleEndian(file) ? used : used.reverse()
}

function isLittleEndian(file: Buffer): boolean {
  return file[0] === 0x49
}

function layoutIn(file: Buffer): Layout {
  const layout = layoutOf(file)
  if (!layout) throw new TypeError('the file is not a TIFF')
  return layout
}
