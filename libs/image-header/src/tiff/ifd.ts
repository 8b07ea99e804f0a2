import type { HeaderReader } from '../header-reader.ts'

/** A TIFF structure inside a file: the file itself, or the EXIF block of another format. */
export interface TiffSpan {
  /** The position of its byte 0; offsets inside count from here. */
  start: number
  end: number
  littleEndian: boolean
  /** BigTIFF: 8-byte offsets and counts. */
  big: boolean
}

export interface IfdEntry {
  type: number
  count: number
  /** The position of the values in the file, inside the entry or outside. */
  valuesAt: number
}

export interface Ifd {
  entries: Map<number, IfdEntry>
  /** The bytes of the values of all tags, without values that aren't in the file. */
  valueBytes: number
  /** The position of the next IFD in the file; undefined for none. */
  next: number | undefined
}

/** libtiff treats a larger count as a wrong offset and gives up. */
const maxEntries = 4096

/**
 * TIFF 6.0 section 2, "Image File Header", and BigTIFF's: byte order, 42 or 43, offset of the first IFD. Undefined when
 * the bytes are another kind of file.
 */
export async function readTiffStart(
  reader: HeaderReader,
  start: number,
  end: number,
): Promise<{ span: TiffSpan; firstIfd: number } | undefined> {
  if (start + 8 > end) return undefined
  const head = await reader.view(start, 8)
  const order = head.getUint16(0)
  if (order !== 0x4949 && order !== 0x4d4d) return undefined
  const littleEndian = order === 0x4949
  const version = head.getUint16(2, littleEndian)
  if (version === 42)
    return {
      span: { start, end, littleEndian, big: false },
      firstIfd: start + head.getUint32(4, littleEndian),
    }
  if (version !== 43 || start + 16 > end) return undefined
  const first = (await reader.view(start + 8, 8)).getBigUint64(0, littleEndian)
  return { span: { start, end, littleEndian, big: true }, firstIfd: start + Number(first) }
}

/**
 * TIFF 6.0 section 2, "Image File Directory": the entries of the requested tags, the first of each as in libtiff.
 * Undefined when the IFD can't be read. With `mayBeCut`, as in EXIF, an IFD may be cut off: libexif and browsers read
 * the entries that are left.
 */
export async function readIfd(
  reader: HeaderReader,
  span: TiffSpan,
  { at, tags, mayBeCut = false }: { at: number; tags: ReadonlySet<number>; mayBeCut?: boolean },
): Promise<Ifd | undefined> {
  const { littleEndian, big, start, end } = span
  const [countBytes, entryBytes, offsetBytes] = big ? [8, 20, 8] : [2, 12, 4]
  if (!(at > start && at + countBytes <= end)) return undefined
  const countView = await reader.view(at, countBytes)
  const declared = big
    ? Number(countView.getBigUint64(0, littleEndian))
    : countView.getUint16(0, littleEndian)
  const entriesAt = at + countBytes
  const count = mayBeCut ? Math.min(declared, Math.floor((end - entriesAt) / entryBytes)) : declared
  const nextAt = entriesAt + count * entryBytes
  if (count < 1 || count > maxEntries || nextAt > end) return undefined

  const entries = new Map<number, IfdEntry>()
  let valueBytes = 0
  for (let entryAt = entriesAt; entryAt < nextAt; entryAt += entryBytes) {
    const view = await reader.view(entryAt, entryBytes)
    const tag = view.getUint16(0, littleEndian)
    const type = view.getUint16(2, littleEndian)
    const values = big ? Number(view.getBigUint64(4, littleEndian)) : view.getUint32(4, littleEndian)
    const outside = readOffset(view, entryBytes - offsetBytes, span)
    const bytes = values * (integerBytes.get(type) ?? otherBytes.get(type) ?? 1)
    if (start + outside + bytes <= end) valueBytes += bytes
    if (!tags.has(tag) || entries.has(tag)) continue
    const isInline = values * (integerBytes.get(type) ?? 0) <= offsetBytes
    const inlineAt = entryAt + entryBytes - offsetBytes
    entries.set(tag, { type, count: values, valuesAt: isInline ? inlineAt : start + outside })
  }
  const next = nextAt + offsetBytes <= end ? readOffset(await reader.view(nextAt, offsetBytes), 0, span) : 0
  return { entries, valueBytes, next: next === 0 ? undefined : start + next }
}

/** An entry's first value; undefined when it is not an integer, is missing or lies outside the file. */
export async function firstInteger(
  reader: HeaderReader,
  span: TiffSpan,
  entry: IfdEntry | undefined,
): Promise<number | undefined> {
  if (!entry || entry.count < 1) return undefined
  const bytes = integerBytes.get(entry.type)
  if (!bytes || entry.valuesAt + bytes > span.end) return undefined
  const view = await reader.view(entry.valuesAt, bytes)
  switch (bytes) {
    case 1:
      return view.getUint8(0)
    case 2:
      return view.getUint16(0, span.littleEndian)
    case 4:
      return view.getUint32(0, span.littleEndian)
    default:
      return Number(view.getBigUint64(0, span.littleEndian))
  }
}

/** TIFF 6.0 section 2, "Types": the integer types, and BigTIFF's. A signed size is read as unsigned. */
const integerBytes = new Map([
  [1, 1],
  [3, 2],
  [4, 4],
  [6, 1],
  [8, 2],
  [9, 4],
  [13, 4],
  [16, 8],
  [17, 8],
  [18, 8],
])

/** The other types of more than one byte: fractions, and floats of 32 and 64 bits. */
const otherBytes = new Map([
  [5, 8],
  [10, 8],
  [11, 4],
  [12, 8],
])

function readOffset(view: DataView, at: number, span: TiffSpan): number {
  return span.big ? Number(view.getBigUint64(at, span.littleEndian)) : view.getUint32(at, span.littleEndian)
}
