import type { Operation } from '@darkroom/contracts'
import {
  bytesSource,
  exceededLimit,
  type ImageHeader,
  MalformedImage,
  readImageHeader,
  sniffFormat,
} from '@darkroom/image-header'
import { decode } from './decode.ts'
import type { Developed } from './developed.ts'
import { encode } from './encode.ts'
import { decodeHeic } from './heic/decode-heic.ts'
import { canDecodeHeic, heicPackage } from './heic/libheif.ts'
import { unpackHeicCost } from './heic/unpack-heic.ts'
import type { DevelopLimits } from './limits.ts'
import { permuteFile } from './permute-file.ts'
import { permutedJpegCost, permuteJpegFile } from './permute-jpeg-file.ts'
import { applySteps, isPermutation, largestSize, type Plan, planOf } from './plan.ts'
import { release } from './raster.ts'
import { canStream, streamPermuted } from './stream-permuted.ts'
import { developTiff } from './tiff/develop-tiff.ts'
import { tiffPages } from './tiff/tiff-page.ts'
import { inWordsOfDecoder, readable, UnusableImage } from './unusable-image.ts'

/** Larger rasters are not held in memory where there is another way. */
const maxHeldBytes = 100 * 1024 * 1024

/**
 * Develops one image: the operations in their order, each on the result of the one before. The result's
 * format is the original's unless `format` says otherwise, lossless where that was.
 *
 *     a permutation of a well-formed PNG or GIF -> its bytes rearranged, no pixel decoded
 *     a permutation of a well-formed JPEG       -> its coefficients mixed, no pixel decoded, up to 100 MiB unpacked
 *     a permutation of what unpacks to a lot    -> streamed through sharp, where that is exact
 *     anything else                             -> decoded, each step on each frame, encoded; a TIFF page by page, HEIC
 *                                                  by libheif-js
 *
 * `reserve` is awaited with the bytes of memory that the work takes before they are taken.
 *
 * @throws UnusableImage when the image is not what it should be, or exceeds a limit
 */
export async function develop(
  input: Uint8Array,
  operations: readonly Operation[],
  limits: DevelopLimits,
  reserve: (bytes: number) => Promise<void> = async () => undefined,
): Promise<Developed> {
  const header = await readHeader(input)
  const excess = exceededLimit(header, limits)
  if (excess !== undefined) throw new UnusableImage('too-many-pixels', excess)
  // Not the image's fault: another worker may be able to.
  if (header.format === 'heic' && !canDecodeHeic())
    throw new Error(`HEIC can't be decoded here: the package ${heicPackage} is not installed`)
  const plan = planOf(operations, header.format)
  if (isPermutation(header, plan)) {
    const bytes = await permuteFile(input, header, plan.permutation, plan.output)
    if (bytes) return { bytes, facts: factsOf(header) }
  }
  await reserve(Math.max(memoryCost(input, header), 2 * largestBytes(input, header, plan, limits)))
  try {
    const bytes = await developReserved(input, header, plan, limits)
    // Read off the result: encoders make one frame of several that show the same.
    return { bytes, facts: factsOf(await readImageHeader(bytesSource(bytes))) }
  } catch (error) {
    throw error instanceof UnusableImage ? error : inWordsOfDecoder(error)
  }
}

async function readHeader(input: Uint8Array): Promise<ImageHeader> {
  if (!sniffFormat(input)) throw new UnusableImage('not-an-image', 'unsupported file type')
  try {
    return await readImageHeader(bytesSource(input))
  } catch (error) {
    if (error instanceof MalformedImage)
      throw new UnusableImage('malformed-image', readable(error.message), { cause: error })
    throw error
  }
}

async function developReserved(
  input: Uint8Array,
  header: ImageHeader,
  plan: Plan,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  if (!isPermutation(header, plan)) return developPixels(input, header, plan, limits)
  const { permutation, output } = plan
  if (header.unpackedBytes <= maxHeldBytes) {
    const permuted = await permuteJpegFile(input, header, permutation, output)
    return permuted ?? developPixels(input, header, plan, limits)
  }
  const streamed = canStream(input, header)
    ? await streamPermuted(input, header, permutation, output, limits)
    : undefined
  return streamed ?? developPixels(input, header, plan, limits)
}

function developPixels(
  input: Uint8Array,
  header: ImageHeader,
  plan: Plan,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  const developAll = header.format === 'tiff' ? developTiff : developImage
  return developAll(input, header, plan, limits)
}

async function developImage(
  input: Uint8Array,
  header: ImageHeader,
  plan: Plan,
  limits: DevelopLimits,
): Promise<Uint8Array> {
  const { steps, output } = plan
  const decodeImage = header.format === 'heic' ? decodeHeic : decode
  const { picture, original } = await decodeImage(input, header, plan, limits)
  await applySteps(picture, steps)
  // A quality that is asked for wins over the size.
  const isRewritten = isPermutation(header, plan) && output.quality === undefined
  const bytes = await encode(picture, output, original, isRewritten ? input.length : undefined, limits)
  for (const frame of picture.frames) release(frame)
  return bytes
}

/**
 * Roughly: the raster itself and a copy on its way in or out; all coefficients of a progressive JPEG, twice the
 * size of its samples, and all rows of an interlaced PNG, are held on top.
 */
function memoryCost(input: Uint8Array, header: ImageHeader): number {
  const { unpackedBytes, progressive, format } = header
  if (format === 'heic') return unpackHeicCost(input, header) + unpackedBytes
  const decoded = unpackedBytes * (progressive ? 4 : 2)
  return format === 'jpeg' ? Math.max(decoded, permutedJpegCost(header, input)) : decoded
}

/**
 * The bytes of all frames where the steps make them largest: with colours, which any step may add.
 *
 * @throws UnusableImage when that exceeds a limit, before anything of it is made
 */
function largestBytes(
  input: Uint8Array,
  header: ImageHeader,
  { steps }: Plan,
  limits: DevelopLimits,
): number {
  const { bitsPerSample, channels, frames } = header
  const sizes = header.format === 'tiff' ? tiffPages(input) : [header]
  const repeated = header.format === 'tiff' ? 1 : frames
  const pixels = sizes.reduce((sum, { width, height, orientation }) => {
    const upright = orientation >= 5 ? { width: height, height: width } : { width, height }
    const largest = largestSize(upright, steps)
    return sum + repeated * largest.width * largest.height
  }, 0)
  if (pixels > limits.maxPixels) {
    const words = `an operation makes ${pixels} pixels of the image; at most ${limits.maxPixels} are taken`
    throw new UnusableImage('too-many-pixels', words)
  }
  const bytes = pixels * Math.max(channels, 3) * (bitsPerSample > 8 ? 2 : 1)
  if (steps.length > 0 && bytes > limits.maxUnpackedBytes) {
    const words = `the image takes ${bytes} bytes while it is developed; at most ${limits.maxUnpackedBytes} are taken`
    throw new UnusableImage('too-many-pixels', words)
  }
  return bytes
}

function factsOf({ contentType, width, height, frames }: ImageHeader): Developed['facts'] {
  return { contentType, width, height, frames }
}
