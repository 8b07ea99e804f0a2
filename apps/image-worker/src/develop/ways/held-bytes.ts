import { uprightSize } from '../geometry.ts'
import { unpackHeicCost } from '../heic/unpack-heic.ts'
import { expectAllowed, largestPixels } from '../steps.ts'
import { tiffPages } from '../tiff/tiff-page.ts'
import type { Job } from './way.ts'

/** Larger rasters are not held in memory if there is another way. */
export const maxHeldBytes = 100 * 1024 * 1024

/**
 * The bytes of memory, roughly, for an image whose rasters are held while it is developed.
 *
 * @throws UnusableImage when a step makes the image larger than a limit allows
 */
export function heldBytes(job: Job): number {
  return Math.max(decodingBytes(job), 2 * largestBytes(job)) + codingBytes(job)
}

/** The bytes that libheif and libaom take for each pixel besides its samples, as measured with photographs. */
const avifBytesFor = {
  8: { decoding: 15, encoding: 20, transparency: 11 },
  16: { decoding: 22, encoding: 28, transparency: 16 },
} as const

/** Likewise, for encoding a lossless WebP, or only its transparency. */
const webpBytes = { lossless: 36, transparency: 14 }

/** Likewise, for choosing the colours of a GIF. */
const gifBytes = 13

/** Some codecs take several times as much memory as the samples, encoders at the size after all steps. */
function codingBytes({ header, plan: { steps, output, addsTransparency } }: Job): number {
  const avif = avifBytesFor[header.bitsPerSample > 8 ? 16 : 8]
  const before = uprightSize(header)
  const after = steps.reduce((size, step) => step.sizeAfter(size), before)
  const hasAlpha = header.channels % 2 === 0 || addsTransparency
  const isAsBefore = output.format === header.format && header.lossless
  const isLossless = output.quality === undefined && (output.lossless ?? isAsBefore)
  const decoded = header.format === 'avif' ? avif.decoding * before.width * before.height : 0
  let encoding = 0
  if (output.format === 'avif') encoding = avif.encoding + (hasAlpha ? avif.transparency : 0)
  else if (output.format === 'webp' && isLossless) encoding = webpBytes.lossless
  else if (output.format === 'webp' && hasAlpha) encoding = webpBytes.transparency
  else if (output.format === 'gif') encoding = gifBytes
  return decoded + encoding * after.width * after.height
}

/**
 * The raster itself and a copy on its way in or out. In addition: all coefficients of a progressive JPEG, twice the
 * size of its samples, and all rows of an interlaced PNG.
 */
function decodingBytes({ input, header, shared }: Job): number {
  const { unpackedBytes, progressive, format } = header
  // Pixels that are kept for further outputs are in `shared.heldBytes`, but only once they are unpacked.
  if (format === 'heic' && !shared?.holdsPixelsOf(input))
    return unpackHeicCost(input, header) + unpackedBytes * (shared ? 2 : 1)
  return unpackedBytes * (progressive ? 4 : 2)
}

/** The bytes of all frames at the step that makes them largest. Assumes colour, which any step may add. */
function largestBytes({ input, header, plan: { steps, addsTransparency }, limits }: Job): number {
  const sizes = header.format === 'tiff' ? tiffPages(input) : [header]
  const repeated = header.format === 'tiff' ? 1 : header.frames
  let [certain, possible] = [0, 0]
  for (const size of sizes) {
    const largest = largestPixels(uprightSize(size), steps)
    certain += repeated * largest.certain
    possible += repeated * largest.possible
  }
  const kind = {
    channels: Math.max(header.channels, addsTransparency ? 4 : 3),
    bits: header.bitsPerSample > 8 ? 16 : 8,
  }
  if (steps.length > 0) expectAllowed(certain, kind, limits)
  // The steps can't make more than this.
  const pixels = Math.min(possible, Math.max(certain, limits.maxPixels))
  return pixels * kind.channels * (kind.bits / 8)
}
