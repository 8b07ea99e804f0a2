import type { ImageHeader } from '@darkroom/image-header'
import { UnusableImage } from '../../unusable-image.ts'
import { AddedParts, type NewDirectory, withDirectories } from '../edit-tiff.ts'
import type { TiffEntry } from '../tiff-directory.ts'
import { compressions, numbersOfTag, pageTags, type TiffPage, tiffPages } from '../tiff-page.ts'
import { longsEntry, shortsEntry } from '../tiff-writer.ts'
import { copySamples } from './copy-samples.ts'
import { isUnreadable, type PlainPlan, plainPlanOf } from './plain-plan.ts'
import { unpackSegment } from './segments.ts'
import { fillUnwritten, isUnwritten } from './unwritten-segments.ts'

/**
 * A TIFF whose pages are stored in a way that libvips reads. These pages get plain strips at the end of the file: tiles
 * in separate planes, of an odd size, or thousands in a row; samples of neither 8 nor 16 bits; more samples than colours
 * and transparency; CMYK of 16 bits with transparency, which is read from the strips later; and pages of which strips or
 * tiles are left out. Samples of 24 or 32 bits become 16 bits. The file itself if it has no such page that can be
 * unpacked. Awaits `reserve` before it takes memory.
 *
 * @throws UnusableImage when the pixels are damaged
 */
export async function withPlainSamples(
  tiff: Uint8Array,
  { unpackedBytes }: Pick<ImageHeader, 'unpackedBytes'>,
  reserve: (bytes: number) => Promise<void>,
): Promise<Uint8Array> {
  const unreadable = tiffPages(tiff).filter(isUnreadable)
  const isLittleEndian = tiff[0] === 0x49
  const plans = unreadable.flatMap(page => plainPlanOf(page, isLittleEndian) ?? [])
  if (plans.length === 0) return tiff
  await reserve(3 * unpackedBytes + tiff.length)
  const added = new AddedParts(tiff)
  const changed: NewDirectory[] = []
  for (const plan of plans) {
    const samples = plainSamples(tiff, plan)
    const entries = entriesOf(plan, added.append(samples), samples.length)
    changed.push({ directory: plan.page.directory, entries })
  }
  return withDirectories(tiff, changed, added)
}

/** The kept samples of all pixels, interleaved, in the byte order of the file. */
function plainSamples(tiff: Uint8Array, plan: PlainPlan): Uint8Array {
  const { page, segments, kept, bits } = plan
  const plain = new Uint8Array(page.width * page.height * kept.length * (bits / 8))
  const across = Math.ceil(page.width / segments.width)
  const perPlane = across * Math.ceil(page.height / segments.height)
  const planes = page.isPlanar ? page.samplesPerPixel : 1
  const needed = planes * perPlane
  if (page.segments.length < needed) {
    const words = `a TIFF page has only ${page.segments.length} of its ${needed} strips or tiles`
    throw new UnusableImage('undecodable-image', words)
  }
  fillUnwritten(plain, plan)
  for (const [place, segment] of page.segments.slice(0, needed).entries()) {
    if (isUnwritten(segment)) continue
    const { at, bytes } = segment
    const plane = Math.floor(place / perPlane)
    const wanted = [...kept.entries()].filter(([, from]) => !page.isPlanar || from === plane)
    if (wanted.length === 0) continue
    const left = (place % across) * segments.width
    const top = Math.floor((place % perPlane) / across) * segments.height
    const rows = segments.isTiled ? segments.height : Math.min(segments.height, page.height - top)
    const { compression } = page
    const samples = unpackSegment(tiff.subarray(at, at + bytes), segments, { rows, compression })
    for (const [to, from] of wanted) copySamples(plain, plan, samples, { left, top, to, from: from - plane })
  }
  return plain
}

/** Tags about how samples are stored, and tags that count or describe samples of the former depth. */
const replaced: readonly number[] = [
  ...[pageTags.bitsPerSample, pageTags.compression, pageTags.fillOrder, pageTags.stripOffsets],
  ...[pageTags.samplesPerPixel, pageTags.rowsPerStrip, pageTags.stripByteCounts, pageTags.leastSample],
  ...[pageTags.greatestSample, pageTags.planarConfiguration, pageTags.transferFunction, pageTags.predictor],
  ...[pageTags.tileWidth, pageTags.tileLength, pageTags.tileOffsets, pageTags.tileByteCounts],
  ...[pageTags.extraSamples, pageTags.sampleFormat],
]

/** About as large as the strips that other programs write; libvips holds one at a time. */
const stripBytes = 1024 * 1024

function entriesOf({ page, kept, transparency, bits }: PlainPlan, at: number, bytes: number): TiffEntry[] {
  const rowBytes = bytes / page.height
  const rows = Math.max(1, Math.floor(stripBytes / rowBytes))
  const strips = Array.from({ length: Math.ceil(page.height / rows) }, (_, strip) => strip * rows * rowBytes)
  return [
    ...page.directory.entries.filter(({ tag }) => !replaced.includes(tag) && tag !== pageTags.colorMap),
    ...colorMapOf(page),
    shortsEntry(pageTags.bitsPerSample, ...kept.map(() => bits)),
    shortsEntry(pageTags.compression, compressions.none),
    longsEntry(pageTags.stripOffsets, ...strips.map(start => at + start)),
    shortsEntry(pageTags.samplesPerPixel, kept.length),
    longsEntry(pageTags.rowsPerStrip, rows),
    longsEntry(pageTags.stripByteCounts, ...strips.map(start => Math.min(rows * rowBytes, bytes - start))),
    shortsEntry(pageTags.planarConfiguration, 1),
    ...(transparency === undefined ? [] : [shortsEntry(pageTags.extraSamples, transparency)]),
  ]
}

/** The reds, greens and blues of a palette for indexes of 8 bits. Colours that are added stay unused. */
function colorMapOf(page: TiffPage): TiffEntry[] {
  const colours = numbersOfTag(page, pageTags.colorMap)
  const count = colours.length / 3
  if (count === 0) return []
  const planes = [0, 1, 2].map(plane => colours.slice(plane * count, (plane + 1) * count))
  const longer = planes.flatMap(plane => [...plane, ...new Array<number>(Math.max(0, 256 - count)).fill(0)])
  return [shortsEntry(pageTags.colorMap, ...longer)]
}
