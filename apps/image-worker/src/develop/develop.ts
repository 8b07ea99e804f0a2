import type { Operation } from '@darkroom/contracts'
import {
  bytesSource,
  exceededLimit,
  expectWholeItems,
  type ImageHeader,
  MalformedImage,
  readImageHeader,
  sniffFormat,
  UnsupportedImage,
} from '@darkroom/image-header'
import { expectWholeTiles } from './avif/expect-whole-tiles.ts'
import { forLibheif } from './avif/for-libheif.ts'
import { withoutOwnTurns } from './avif/own-turns.ts'
import { chooseFormat } from './choose-format.ts'
import type { Developed } from './developed.ts'
import { withoutPadding } from './gif/without-padding.ts'
import { canDecodeHeic, heicPackage } from './heic/libheif.ts'
import { expectFewScans } from './jpeg/expect-few-scans.ts'
import { withHeight } from './jpeg/with-height.ts'
import type { DevelopLimits } from './limits.ts'
import { mend } from './mend/mend.ts'
import { planOf } from './plan.ts'
import { withEarlyExif } from './png/early-exif.ts'
import { pngFault } from './png/png-fault.ts'
import { withFittingPalette } from './png/with-fitting-palette.ts'
import type { SharedOriginal } from './shared-original.ts'
import { withByteCounts } from './tiff/byte-counts.ts'
import { withChromaSubsampling } from './tiff/chroma-subsampling.ts'
import { withClosedChain } from './tiff/closed-chain.ts'
import { withoutLonePlanes } from './tiff/lone-planes.ts'
import { withNewJpegs } from './tiff/old-jpegs.ts'
import { withPhotometric } from './tiff/photometric.ts'
import { withPlainSamples } from './tiff/plain-samples.ts'
import { withSequentialJpegs } from './tiff/sequential-jpegs.ts'
import { withoutJpegAlpha } from './tiff/without-jpeg-alpha.ts'
import { withoutZstd } from './tiff/without-zstd.ts'
import { readable, UnusableImage, undecodableImage } from './unusable-image.ts'
import { fuse } from './ways/fuse.ts'
import { stepByStep } from './ways/step-by-step.ts'
import { streamed } from './ways/stream-permuted.ts'
import { undecodedJpeg } from './ways/undecoded-jpeg.ts'
import { undecodedPngOrGif } from './ways/undecoded-png-or-gif.ts'
import type { Job, Way } from './ways/way.ts'
import { withOwnTransparency } from './webp/with-own-transparency.ts'
import { withRiffSize } from './webp/with-riff-size.ts'

/** The ways to develop an image, tried in this order until one gives a result. The last always does. */
const ways: readonly Way[] = [undecodedPngOrGif, undecodedJpeg, fuse, streamed, stepByStep]

/**
 * Develops one image: applies the operations in order, each to the result of the previous operation. Unless an operation
 * changes the format, the result has the original's format, and is lossless if the original was.
 *
 * For several outputs of one original, all calls get the same `shared`: the header is read once, and the size of all
 * outputs together is limited.
 *
 * A way awaits `reserve` before it takes memory. The number of bytes includes the memory reserved for earlier ways.
 *
 * @throws UnusableImage when the image is damaged or not supported, or exceeds a limit
 */
export async function develop(
  input: Uint8Array,
  operations: readonly Operation[],
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void> = async () => undefined,
  shared?: SharedOriginal,
): Promise<Developed> {
  const declared = shared?.header ?? (await readHeader(input))
  const excess = exceededLimit(declared, limits)
  if (excess !== undefined) throw new UnusableImage('too-many-pixels', excess)
  // This isn't the image's fault: another worker may be able to decode it.
  if (declared.format === 'heic' && !canDecodeHeic())
    throw new Error(`this worker cannot decode HEIC: install the package ${heicPackage}`)
  const reserveAll = shared ? (bytes: number) => reserve(bytes + shared.heldBytes) : reserve
  const plan = planOf(operations, declared.format)
  try {
    const { source, header } = shared?.source
      ? { source: shared.source, header: declared }
      : await decodable(input, declared, limits, reserveAll)
    if (shared) {
      shared.header = header
      shared.source = source
    }
    const job: Job = { input: source, header, plan, limits, shared }
    if (plan.output.isChosen) {
      const { format, lossless } = await chooseFormat({ input: source, header }, plan, limits, reserveAll)
      plan.output = { ...plan.output, format, lossless }
    }
    const bytes = await firstOrMendedResult(job, reserveAll)
    // Read from the result, because encoders merge frames that show the same.
    const developed = { bytes, facts: factsOf(await readImageHeader(bytesSource(bytes))) }
    return shared ? shared.hold(developed, limits) : developed
  } catch (error) {
    throw error instanceof UnusableImage
      ? error
      : undecodableImage(error, declared.format, faultOf(input, declared))
  }
}

/** The fault of a PNG in words, which its decoder doesn't give. */
function faultOf(input: Uint8Array, { format }: ImageHeader): string | undefined {
  return format === 'png' ? pngFault(input) : undefined
}

async function readHeader(input: Uint8Array): Promise<ImageHeader> {
  if (!sniffFormat(input)) throw new UnusableImage('not-an-image', 'unsupported file type')
  try {
    return await readImageHeader(bytesSource(input))
  } catch (error) {
    if (!(error instanceof MalformedImage)) throw error
    const code = error instanceof UnsupportedImage ? 'unsupported-image' : 'malformed-image'
    throw new UnusableImage(code, readable(error.message), { cause: error })
  }
}

/** The image in a form that our decoders read; the input itself if they already do. */
async function decodable(
  input: Uint8Array,
  header: ImageHeader,
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void>,
): Promise<{ source: Uint8Array; header: ImageHeader }> {
  if (header.format === 'avif' || header.format === 'heic') {
    await expectWholeItems(bytesSource(input))
    // For HEIC, libheif itself is strict.
    if (header.format === 'avif') await expectWholeTiles(input, header, limits, reserve)
    return withoutOwnTurns(forLibheif(input, header), header)
  }
  if (header.format === 'png') return { source: withFittingPalette(withEarlyExif(input, header)), header }
  if (header.format === 'webp') return { source: withOwnTransparency(withRiffSize(input)), header }
  if (header.format === 'gif') return { source: withoutPadding(input), header }
  if (header.format === 'jpeg') {
    if (header.progressive) expectFewScans(input)
    return { source: withHeight(input, header.height), header }
  }
  if (header.format !== 'tiff') return { source: input, header }
  const counted = withByteCounts(withoutLonePlanes(withClosedChain(input)))
  const modern = withNewJpegs(counted)
  const own = modern === counted ? header : await readHeader(modern)
  const complete = withChromaSubsampling(withPhotometric(modern))
  const unpackable = await withSequentialJpegs(await withoutZstd(complete, own, reserve), own, reserve)
  const withoutAlpha = await withoutJpegAlpha(unpackable, own, reserve)
  return { source: await withPlainSamples(withoutAlpha, own, reserve), header: own }
}

/** Decoders warn about damage and about harmless oddities. So a file that fails is retried without the oddities. */
async function firstOrMendedResult(job: Job, reserve: (bytes: number) => Promise<void>): Promise<Uint8Array> {
  try {
    return await firstResult(job, reserve)
  } catch (error) {
    const mended = mend(job.input, job.header)
    if (!mended) throw error
    return firstResult({ ...job, input: mended, header: await readHeader(mended) }, reserve)
  }
}

async function firstResult(job: Job, reserve: (bytes: number) => Promise<void>): Promise<Uint8Array> {
  let reserved = 0
  for (const way of ways) {
    const cost = way.cost(job)
    if (cost === undefined) continue
    if (cost > reserved) {
      await reserve(cost)
      reserved = cost
    }
    const bytes = await way.develop(job)
    if (bytes) return bytes
  }
  throw new Error(`no way of developing gave a result for the ${job.header.format}`)
}

function factsOf({ contentType, width, height, frames }: ImageHeader): Developed['facts'] {
  return { contentType, width, height, frames }
}
