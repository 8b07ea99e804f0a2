import { type TiffDirectory, type TiffEntry, TiffReader } from '../tiff/tiff-directory.ts'
import { bytesEntry, encodeDirectory, TiffWriter } from '../tiff/tiff-writer.ts'
import { UnusableImage } from '../unusable-image.ts'
import { resolutionEntries, withoutStorage, writeExif } from './exif.ts'
import { tags as exifTags } from './exif-tags.ts'
import type { Resolution } from './resolution.ts'
import type { WrittenMetadata } from './written-metadata.ts'

/** XMP specification part 3, 1.1.2.1 (700); ICC.1:2022, B.4 (34675). */
const tags = { xmp: 700, iptc: 33_723, icc: 34_675 } as const

const resolutionTags: readonly number[] = [
  exifTags.xResolution,
  exifTags.yResolution,
  exifTags.resolutionUnit,
]

/** TIFF 6.0, section 7, allows no value in two places, so thousands of pages would make a large profile gigabytes. */
const maxProfileBytes = 256 * 1024 * 1024

/**
 * Puts metadata into a TIFF that was just written. Changes the resolution in `tiff` itself if there is one. For other
 * metadata, writes each page's directory again at the end of the file, with profile and resolution on every page and
 * the rest on the first. The old directories, about 200 bytes each, stay without a pointer to them.
 *
 * @throws UnusableImage when the profiles of all pages take more than 256 MiB
 */
export function attachToTiff(
  tiff: Uint8Array,
  { icc, exif, xmp, iptc, resolution }: WrittenMetadata,
): Uint8Array {
  const reader = TiffReader.of(tiff)
  if (!reader?.isLittleEndian) throw new TypeError('the encoder did not write a little-endian TIFF')
  const missing = reader.directories().map(page => setResolution(tiff, page, resolution))
  if (!icc && !exif && !xmp && !iptc && missing.every(entries => entries.length === 0)) return tiff
  const pages = reader.directories()
  const profileBytes = pages.length * (icc?.length ?? 0)
  if (profileBytes > maxProfileBytes) {
    const message = `the ${pages.length} pages would have ${profileBytes} bytes of colour profiles: choose another format than TIFF`
    throw new UnusableImage('result-too-large', message)
  }
  const writer = new TiffWriter(tiff)
  const ofFile = [
    ...(xmp ? [bytesEntry(tags.xmp, 1, xmp)] : []),
    ...(iptc ? [bytesEntry(tags.iptc, 7, iptc)] : []),
    ...(exif ? writeExif(withoutStorage(exif), writer) : []),
  ]
  const links: { at: number; to: number }[] = []
  let linkAt = 4
  for (const [index, { entries }] of pages.entries()) {
    const added = [
      ...(icc ? [bytesEntry(tags.icc, 7, icc)] : []),
      ...(missing[index] ?? []),
      ...(index === 0 ? ofFile : []),
    ]
    const replaced = new Set(added.map(({ tag }) => tag))
    const kept = entries.filter(({ tag }) => !replaced.has(tag))
    const written = writer.directory([...kept, ...added], placesOf(kept))
    links.push({ at: linkAt, to: written.at })
    linkAt = written.nextAt
  }
  const bytes = writer.bytes()
  for (const { at, to } of links) bytes.writeUInt32LE(to, at)
  return bytes
}

/**
 * Sets or removes the tags of the resolution, because sharp always writes one, even if the original has none. Returns
 * the entries to add if the file has no such tags.
 */
function setResolution(
  tiff: Uint8Array,
  { at, entries, nextAt, next }: TiffDirectory,
  resolution: Resolution | undefined,
): TiffEntry[] {
  if (resolution) {
    const wanted = resolutionEntries(resolution)
    const places = placesOf(entries)
    if (wanted.some(({ tag }) => !places.has(tag))) return wanted
    for (const { tag, value } of wanted) tiff.set(value, places.get(tag))
    return []
  }
  const kept = entries.filter(({ tag }) => !resolutionTags.includes(tag))
  if (kept.length === entries.length) return []
  const places = placesOf(kept)
  const shorter = encodeDirectory(kept, ({ tag }) => places.get(tag) ?? 0)
  shorter.writeUInt32LE(next, shorter.length - 4)
  tiff.fill(0, at, nextAt + 4)
  tiff.set(shorter, at)
  return []
}

/** The position of the value of each tag. */
function placesOf(entries: readonly TiffEntry[]): Map<number, number> {
  return new Map(entries.map(({ tag, valueAt = 0 }) => [tag, valueAt]))
}
