import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { decode } from '../decode/decode.ts'
import { encode } from '../encode/encode.ts'
import { maxGrowth } from '../encode/encode-settings.ts'
import { isAnimatable } from '../format-abilities.ts'
import { unmoved } from '../geometry.ts'
import type { DevelopLimits } from '../limits.ts'
import { attachMetadata } from '../metadata/attach.ts'
import type { CarriedMetadata } from '../metadata/carried-metadata.ts'
import { carryMetadata } from '../metadata/carry-metadata.ts'
import { profileFor } from '../metadata/profile-kind.ts'
import type { Original } from '../original.ts'
import type { Picture } from '../picture.ts'
import { isPermutation, type Plan } from '../plan.ts'
import { type Raster, release } from '../raster/raster.ts'
import { applySteps } from '../steps.ts'
import { forgivingOddTags } from '../tiff/essential-tags.ts'
import { expectKnownCompression } from '../tiff/expect-known-compression.ts'
import { expectReadablePlanes } from '../tiff/for-libvips/readable-planes.ts'
import { expectReadableTiles } from '../tiff/for-libvips/readable-tiles.ts'
import { expectWrittenSegments } from '../tiff/for-libvips/unwritten-segments.ts'
import { differenceOf, framesOfPages } from '../tiff/frames-of-pages.ts'
import { joinPages } from '../tiff/join-pages.ts'
import { permuteJpegPage } from '../tiff/permute-jpeg-page.ts'
import { isLossless, type TiffPage, tiffPages } from '../tiff/tiff-page.ts'
import { UnusableImage } from '../unusable-image.ts'
import type { Job } from './way.ts'

/**
 * Develops a TIFF. If the result is a TIFF, each page is developed on its own, so pages may differ in everything. In
 * animated formats each page becomes a frame; other formats take only the first page.
 *
 * @throws UnusableImage when pages that become frames differ
 */
export async function developTiff(
  input: Uint8Array,
  header: ImageHeader,
  plan: Plan,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  const { output } = plan
  const pages = tiffPages(input)
  const [first] = pages
  if (!first) throw new UnusableImage('malformed-image', 'the first directory of the TIFF cannot be read')
  const job: TiffJob = { input, header, plan, limits, forgiving: forgivingOddTags(input) }
  if (output.format === 'tiff') {
    const developed: Uint8Array[] = []
    for (const page of pages) {
      const bytesBefore = pages.length === 1 ? input.length : bytesOf(page)
      developed.push(await developPage(job, page, bytesBefore + tablesBytes))
    }
    return joinPages(developed)
  }
  const shown = isAnimatable(output.format) ? pages : [first]
  const opened: { picture: Picture; original: Original }[] = []
  for (const page of shown) opened.push(await openPage(job, page))
  const [{ picture, original }] = opened as [{ picture: Picture; original: Original }]
  const pictures = opened.map(({ picture }) => picture)
  const frames = framesOfPages(await changedFrames(pictures, plan, limits), output.format)
  const bytes = await encode({ ...picture, frames }, output, original, undefined, limits)
  for (const frame of frames) release(frame)
  return bytes
}

interface TiffJob extends Pick<Job, 'input' | 'header' | 'plan' | 'limits'> {
  readonly forgiving: ReturnType<typeof forgivingOddTags>
}

/** About the size of a small page's own Huffman tables, which must not cost it quality. */
const tablesBytes = 512

/** The size of the page's pixels and directory. */
function bytesOf({ directory, segments }: TiffPage): number {
  const entries = directory.entries.reduce((sum, { value }) => sum + 12 + value.length, 0)
  return segments.reduce((sum, { bytes }) => sum + bytes, entries)
}

/** A TIFF with this one page, which took at most `bytesBefore` in the file. */
async function developPage(job: TiffJob, page: TiffPage, bytesBefore: number): Promise<Uint8Array> {
  const { header, plan, limits } = job
  const isRewritten = isPermutation(header, plan) && plan.output.quality === undefined
  if (isRewritten) {
    const permuted = await permutePage(job, plan.permutation, page, bytesBefore)
    if (permuted) return permuted
  }
  const { picture, original } = await openPage(job, page)
  await applySteps(picture, plan.steps, limits)
  const bytes = await encode(picture, plan.output, original, isRewritten ? bytesBefore : undefined, limits)
  for (const frame of picture.frames) release(frame)
  return bytes
}

async function permutePage(
  { input, header, plan: { output }, forgiving }: TiffJob,
  order: ChannelOrder,
  page: TiffPage,
  bytesBefore: number,
): Promise<Uint8Array | undefined> {
  const tiff = permuteJpegPage(input, page, order, maxGrowth * bytesBefore)
  if (!tiff) return undefined
  const own = { format: 'tiff', orientation: page.orientation } as const
  const attached = await forgiving(page, file => sharp(file).metadata())
  const metadata = carryMetadata(input, own, attached, {
    keepsProfile: true,
    output,
    geometry: unmoved,
    page,
  })
  const profiled = profileFor({ isGrey: header.channels === 1 }, metadata)
  return attachMetadata(tiff, 'tiff', ofPage(page, profiled), page)
}

/**
 * Pages that are alike become the frames of one animation before the first step; other pages may become alike by the
 * steps.
 */
async function changedFrames(
  pictures: readonly Picture[],
  { steps }: Plan,
  limits: DevelopLimits,
): Promise<Raster[]> {
  const joined = { frames: pictures.flatMap(({ frames }) => frames) }
  if (differenceOf(joined.frames) === undefined) {
    await applySteps(joined, steps, limits)
    return joined.frames
  }
  for (const picture of pictures) await applySteps(picture, steps, limits)
  return pictures.flatMap(({ frames }) => frames)
}

async function openPage(
  { input, header, plan, limits, forgiving }: TiffJob,
  page: TiffPage,
): Promise<{ picture: Picture; original: Original }> {
  expectWholeBytes(page)
  expectKnownCompression(page)
  expectReadablePlanes(page)
  expectReadableTiles(page)
  expectWrittenSegments(page)
  const own = { ...header, frames: 1, lossless: isLossless(page), orientation: page.orientation }
  const { picture, original } = await forgiving(page, file =>
    decode({ input, header: own, page, file }, plan, limits),
  )
  return { picture: { ...picture, metadata: ofPage(page, picture.metadata) }, original }
}

/**
 * libvips reads only whole bytes, and one sample of fewer bits.
 *
 * @throws UnusableImage
 */
function expectWholeBytes({ bitsPerSample: bits, samplesPerPixel: samples }: TiffPage): void {
  const isPacked = samples === 1 && [1, 2, 4].includes(bits)
  if (bits % 8 === 0 || isPacked) return
  const words = `a TIFF with samples of ${bits} bits (${samples} a pixel) is not supported; save it with 8 or 16 bits a sample`
  throw new UnusableImage('unsupported-samples', words)
}

/** Metadata of the whole file belongs to its first page; every page has its own profile and resolution. */
function ofPage({ isFirst }: TiffPage, metadata: CarriedMetadata): CarriedMetadata {
  const { icc, resolution } = metadata
  return isFirst ? metadata : { ...(icc && { icc }), ...(resolution && { resolution }) }
}
