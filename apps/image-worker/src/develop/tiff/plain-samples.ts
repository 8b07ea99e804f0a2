import type { ImageHeader } from '@darkroom/image-header'
import { type NewDirectory, withDirectories } from '../metadata/edit-tiff.ts'
import type { TiffEntry } from '../metadata/tiff-directory.ts'
import { longsEntry, shortsEntry } from '../metadata/tiff-writer.ts'
import { UnusableImage } from '../unusable-image.ts'
import { isDeepCmykWithAlpha } from './deep-cmyk.ts'
import { rowBytesOf, type Segments, segmentsOf, unpackSegment } from './segments.ts'
import { compressions, numbersOfTag, pageTags, photometrics, type TiffPage, tiffPages } from './tiff-page.ts'
import { readWide, type WideKind, wideKindOf } from './wide-samples.ts'

/**
 * A TIFF whose pages are stored in a way that libvips reads. These pages get plain strips at the end of the file: tiles
 * in separate planes, samples of neither 8 nor 16 bits, more samples than colours and transparency, and CMYK of 16 bits
 * with transparency, which is read from the strips later. Samples of 24 or 32 bits become 16 bits. The file itself if it
 * has no such page that can be unpacked. Awaits `reserve` before it takes memory.
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
  const plans = unreadable.flatMap(page => planOf(page, isLittleEndian) ?? [])
  if (plans.length === 0) return tiff
  await reserve(3 * unpackedBytes + tiff.length)
  let end = tiff.length
  const added: Uint8Array[] = []
  const changed: NewDirectory[] = []
  for (const plan of plans) {
    const samples = plainSamples(tiff, plan)
    // Strips begin at even positions (TIFF 6.0, section 2).
    added.push(new Uint8Array(end % 2), samples)
    const at = end + (end % 2)
    changed.push({ directory: plan.page.directory, entries: entriesOf(plan, at, samples.length) })
    end = at + samples.length
  }
  return withDirectories(tiff, added, changed)
}

function isUnreadable(page: TiffPage): boolean {
  const { bitsPerSample: bits, samplesPerPixel: samples, photometric } = page
  const isTiled = numbersOfTag(page, pageTags.tileOffsets).length > 0
  const isPacked = samples === 1 && [1, 2, 4].includes(bits)
  const most = (colourSamples[photometric] ?? samples) + 1
  const isWide = wideKindOf(page) !== undefined
  const isOdd = (bits % 8 !== 0 && !isPacked) || isWide || samples > most || isDeepCmykWithAlpha(page)
  return isOdd || (page.isPlanar && samples > 1 && (isTiled || !copied.includes(photometric)))
}

/** Strips in separate planes that libvips only copies. It reads planes of other colours as if they were interleaved. */
const copied: readonly number[] = [photometrics.rgb, photometrics.separated]

/**
 * Checks that libvips reads the planes of a page as they are, after `withPlainSamples`.
 *
 * @throws UnusableImage
 */
export function expectReadablePlanes({
  isPlanar,
  samplesPerPixel,
  photometric,
  compression,
}: TiffPage): void {
  if (!isPlanar || samplesPerPixel === 1 || copied.includes(photometric)) return
  const words = `separate planes of other samples than RGB and CMYK are not supported in a TIFF of this compression (${compression}): save the TIFF with interleaved samples`
  throw new UnusableImage('unsupported-samples', words)
}

const colourSamples: Readonly<Record<number, number>> = {
  [photometrics.whiteIsZero]: 1,
  [photometrics.blackIsZero]: 1,
  [photometrics.rgb]: 3,
  [photometrics.palette]: 1,
  [photometrics.separated]: 4,
  [photometrics.yCbCr]: 3,
  [photometrics.cieLab]: 3,
  [photometrics.iccLab]: 3,
}

/** The samples of these have no sign or the like, so that they can have more bits. */
const levels: readonly number[] = [
  photometrics.whiteIsZero,
  photometrics.blackIsZero,
  photometrics.rgb,
  photometrics.palette,
  photometrics.separated,
]

interface PlainPlan {
  readonly page: TiffPage
  readonly segments: Segments
  /** The samples of a pixel that are kept, in order. */
  readonly kept: readonly number[]
  /** The meaning of the last kept sample, if it is transparency: 1 if colours are multiplied by it, otherwise 2. */
  readonly transparency: number | undefined
  readonly bits: 8 | 16
  readonly wideKind: WideKind | undefined
}

const unsigned = 1
const cmyk = 1

/** Undefined if the page can't be unpacked. */
function planOf(page: TiffPage, isLittleEndian: boolean): PlainPlan | undefined {
  const { bitsPerSample, samplesPerPixel, photometric } = page
  const colours = colourSamples[photometric]
  const segments = segmentsOf(page, isLittleEndian)
  const isLevel = levels.includes(photometric) || bitsPerSample === 8 || bitsPerSample === 16
  const hasLargePalette = photometric === photometrics.palette && bitsPerSample > 8
  const isAlike = numbersOfTag(page, pageTags.bitsPerSample).every(bits => bits === bitsPerSample)
  const wideKind = wideKindOf(page)
  const formats = numbersOfTag(page, pageTags.sampleFormat)
  const isUnsigned = wideKind !== undefined || formats.every(format => format === unsigned)
  const isSubsampled =
    photometric === photometrics.yCbCr && numbersOfTag(page, pageTags.chromaSubsampling).join() !== '1,1'
  const hasOtherInks =
    photometric === photometrics.separated && (numbersOfTag(page, pageTags.inkSet)[0] ?? cmyk) !== cmyk
  if (!colours || !segments || samplesPerPixel < colours) return undefined
  if (bitsPerSample > 16 && !wideKind) return undefined
  if (!isLevel || !isAlike || !isUnsigned || isSubsampled || hasOtherInks || hasLargePalette) return undefined
  const extra = transparencyOf(page, colours)
  return {
    page,
    segments,
    kept: [...Array(colours).keys(), ...(extra ? [colours + extra.index] : [])],
    transparency: extra?.meaning,
    bits: bitsPerSample > 8 ? 16 : 8,
    wideKind,
  }
}

/** The first extra sample that is transparency. In old files, which don't declare it, a single extra sample is. */
function transparencyOf(page: TiffPage, colours: number): { index: number; meaning: number } | undefined {
  const meanings = numbersOfTag(page, pageTags.extraSamples)
  const extras = page.samplesPerPixel - colours
  if (meanings.length === 0) return extras === 1 ? { index: 0, meaning: 2 } : undefined
  const index = meanings.slice(0, extras).findIndex(meaning => meaning === 1 || meaning === 2)
  return index < 0 ? undefined : { index, meaning: meanings[index] ?? 0 }
}

/** The kept samples of all pixels, interleaved, in the byte order of the file. */
function plainSamples(tiff: Uint8Array, plan: PlainPlan): Uint8Array {
  const { page, segments, kept, bits } = plan
  const plain = new Uint8Array(page.width * page.height * kept.length * (bits / 8))
  const across = Math.ceil(page.width / segments.width)
  const perPlane = across * Math.ceil(page.height / segments.height)
  const planes = page.isPlanar ? page.samplesPerPixel : 1
  if (page.segments.length < planes * perPlane)
    throw new UnusableImage('undecodable-image', 'a TIFF page lacks some of its strips or tiles')
  for (const [place, { at, bytes }] of page.segments.slice(0, planes * perPlane).entries()) {
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

/** Copies one sample of each pixel in a segment: the sample `from` of a pixel there becomes the sample `to`. */
function copySamples(
  plain: Uint8Array,
  { page, segments, kept, bits, wideKind }: PlainPlan,
  unpacked: Uint8Array,
  { left, top, to, from }: { left: number; top: number; to: number; from: number },
): void {
  const columns = Math.min(segments.width, page.width - left)
  const rows = Math.min(segments.height, page.height - top)
  const rowBytes = rowBytesOf(segments)
  const step = kept.length
  for (let row = 0; row < rows; row++) {
    const target = ((top + row) * page.width + left) * step + to
    if (wideKind) {
      const view = new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength)
      const bytes = segments.bits / 8
      for (let x = 0; x < columns; x++) {
        const at = row * rowBytes + bytes * (x * segments.samples + from)
        const level = readWide(wideKind, view, at, segments.isLittleEndian)
        writeDeep(plain, target + x * step, level, segments)
      }
    } else if (segments.bits === 8) {
      const source = row * rowBytes + from
      for (let x = 0; x < columns; x++)
        plain[target + x * step] = unpacked[source + x * segments.samples] ?? 0
    } else if (segments.bits === 16) {
      const source = row * rowBytes + 2 * from
      for (let x = 0; x < columns; x++) {
        const at = source + 2 * x * segments.samples
        plain[2 * (target + x * step)] = unpacked[at] ?? 0
        plain[2 * (target + x * step) + 1] = unpacked[at + 1] ?? 0
      }
    } else {
      const read = bitReader(unpacked, 8 * row * rowBytes, segments)
      const isIndex = page.photometric === photometrics.palette && to === 0
      for (let x = 0; x < columns; x++) {
        const sample = read(x * segments.samples + from)
        if (isIndex) plain[target + x * step] = sample
        else writeLevel(plain, target + x * step, sample, { segments, bits })
      }
    }
  }
}

/** Reads the sample at an index of a row that begins at this bit. */
function bitReader(bytes: Uint8Array, start: number, { bits }: Segments): (index: number) => number {
  const most = 2 ** bits - 1
  return index => {
    const at = start + index * bits
    const byte = at >> 3
    const word = ((bytes[byte] ?? 0) << 16) | ((bytes[byte + 1] ?? 0) << 8) | (bytes[byte + 2] ?? 0)
    return (word >> (24 - (at & 7) - bits)) & most
  }
}

/** Spreads a level to all levels of 8 or 16 bits. */
function writeLevel(
  plain: Uint8Array,
  index: number,
  level: number,
  { segments, bits }: { segments: Segments; bits: 8 | 16 },
): void {
  const spread = Math.round((level * (2 ** bits - 1)) / (2 ** segments.bits - 1))
  if (bits === 8) plain[index] = spread
  else writeDeep(plain, index, spread, segments)
}

/** Writes a sample of 16 bits. */
function writeDeep(plain: Uint8Array, index: number, level: number, { isLittleEndian }: Segments): void {
  const [first, second] = isLittleEndian ? [level & 255, level >> 8] : [level >> 8, level & 255]
  plain[2 * index] = first
  plain[2 * index + 1] = second
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
