import type { CarriedMetadata } from '../raster.ts'
import { withoutPrefix } from './exif.ts'
import {
  bytesEntry,
  longsEntry,
  numbersOf,
  type TiffDirectory,
  type TiffEntry,
  TiffReader,
  TiffWriter,
} from './tiff-directory.ts'

/** TIFF 6.0; XMP specification part 3, 1.1.2.1 (700); ICC.1:2022, B.4 (34675); Exif 2.32, 4.6.3 (pointers). */
const tags = {
  xmp: 700,
  iptc: 33_723,
  icc: 34_675,
  exif: 34_665,
  gps: 34_853,
  interoperability: 40_965,
} as const

/** What of EXIF's main directory tells of the picture, and not of how its file is laid out: titles, camera, dates, people. */
const descriptive: ReadonlySet<number> = new Set([269, 270, 271, 272, 305, 306, 315, 316, 33_432])

/**
 * Puts metadata into a TIFF that sharp wrote: each page's directory is written anew, behind all else, with a profile
 * on every page and the rest on the first. The old ones, some 200 bytes each, stay and are not pointed at.
 */
export function attachToTiff(tiff: Uint8Array, { icc, exif, xmp, iptc }: CarriedMetadata): Uint8Array {
  const reader = TiffReader.of(tiff)
  if (!reader) throw new TypeError('the encoder wrote no TIFF')
  const writer = new TiffWriter(tiff)
  const told = [
    ...(xmp ? [bytesEntry(tags.xmp, 1, xmp)] : []),
    ...(iptc ? [bytesEntry(tags.iptc, 7, iptc)] : []),
    ...(exif ? writeExif(TiffReader.of(withoutPrefix(exif)), writer) : []),
  ]
  const links: { at: number; to: number }[] = []
  let linkAt = 4
  for (const [index, { entries }] of reader.directories().entries()) {
    const added = [...(icc ? [bytesEntry(tags.icc, 7, icc)] : []), ...(index === 0 ? told : [])]
    const replaced = new Set(added.map(({ tag }) => tag))
    const written = writer.directory([...entries.filter(({ tag }) => !replaced.has(tag)), ...added])
    links.push({ at: linkAt, to: written.at })
    linkAt = written.nextAt
  }
  const bytes = writer.bytes()
  for (const { at, to } of links) bytes.writeUInt32LE(to, at)
  return bytes
}

/** The EXIF of a TIFF, whose directories are the file's own, as other formats have it; undefined where it has none. */
export function exifOfTiff(tiff: Uint8Array): Uint8Array | undefined {
  const reader = TiffReader.of(tiff)
  const writer = new TiffWriter(Buffer.from('II*\0\0\0\0\0', 'latin1'))
  const entries = writeExif(reader, writer)
  if (entries.length === 0) return undefined
  const { at } = writer.directory(entries)
  const bytes = writer.bytes()
  bytes.writeUInt32LE(at, 4)
  return bytes
}

/** Writes the directories below the main one; gives what stands in that. The thumbnail's, its second, is left out. */
function writeExif(reader: TiffReader | undefined, writer: TiffWriter): TiffEntry[] {
  const main = reader?.directory(reader.firstAt)
  if (!reader || !main) return []
  const pointers = [tags.exif, tags.gps].flatMap(tag => {
    const entries = below(reader, main, tag)
    if (!entries) return []
    const nested = below(reader, { entries }, tags.interoperability)
    const others = entries.filter(entry => entry.tag !== tags.interoperability)
    const pointer = nested ? [longsEntry(tags.interoperability, writer.directory(nested).at)] : []
    return [longsEntry(tag, writer.directory([...others, ...pointer]).at)]
  })
  return [...main.entries.filter(({ tag }) => descriptive.has(tag)), ...pointers]
}

function below(
  reader: TiffReader,
  { entries }: Pick<TiffDirectory, 'entries'>,
  pointer: number,
): TiffEntry[] | undefined {
  const [at] = numbersOf(entries.find(({ tag }) => tag === pointer))
  return at === undefined ? undefined : reader.directory(at)?.entries
}
