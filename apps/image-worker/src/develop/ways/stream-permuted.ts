import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type Matrix3x3, type Metadata, type Sharp } from 'sharp'
import { sourceChannels } from '../../permute/channel-order.ts'
import { isNarrowGrey } from '../avif/correct-samples.ts'
import { colourSignalOf, treatColours } from '../colour/treat-colours.ts'
import { openImage } from '../decode/open-image.ts'
import { settingsFor, writeAs } from '../encode/encode-settings.ts'
import { writeDelays } from '../encode/exact-delays.ts'
import { unmoved, uprightSize } from '../geometry.ts'
import { type DevelopLimits, timeoutOf } from '../limits.ts'
import { expectWhole } from '../mend/expect-whole.ts'
import { attachMetadata } from '../metadata/attach.ts'
import { carryMetadata } from '../metadata/carry-metadata.ts'
import { originalOf } from '../original.ts'
import type { Output } from '../output.ts'
import { isPermutation } from '../plan.ts'
import { orientInSharp } from '../raster/orient.ts'
import { isTransparent } from '../tiff/extra-samples.ts'
import { hasOddColours } from '../tiff/odd-colours.ts'
import { tiffPages } from '../tiff/tiff-page.ts'
import { declareTransparency } from '../webp/webp-transparency.ts'
import { heldBytes, maxHeldBytes } from './held-bytes.ts'
import type { Way } from './way.ts'

/** Permutes images that unpack to a lot, if that is exact. */
export const streamed: Way = {
  cost: job => {
    const { input, header, plan } = job
    const isTaken = isPermutation(header, plan) && header.unpackedBytes > maxHeldBytes
    return isTaken && canStream(input, header) ? heldBytes(job) : undefined
  },
  develop: async ({ input, header, plan, limits }) =>
    isPermutation(header, plan)
      ? streamPermuted(input, header, plan.permutation, plan.output, limits)
      : undefined,
}

/**
 * Whether this way is exact. libvips' recombination loses the lower half of deeper samples; sharp turns only single
 * images, but no AVIF; its GIFs are not exact, it reads one frame of a PNG, and frames of a lossy WebP may get a wrong
 * transparency; pages of a TIFF may differ, or be JPEG with a sampling or colours that sharp can't write or read.
 */
function canStream(
  input: Uint8Array,
  { bitsPerSample, channels, format, frames, lossless, orientation }: ImageHeader,
): boolean {
  if (bitsPerSample > 8 || format === 'gif' || (format === 'png' && frames > 1)) return false
  if (format === 'avif') return orientation === 1
  if (format === 'webp' && frames > 1 && !lossless && channels % 2 === 0) return false
  if (format !== 'tiff') return frames === 1 || orientation === 1
  const [page] = tiffPages(input)
  if (!page || frames > 1) return false
  return lossless && !hasOddColours(page) && (channels % 2 === 1 || isTransparent(page))
}

/**
 * Permutes an image that is too large to be held as a raster: libvips decodes, recombines and encodes it in pieces.
 * Slower than permuting in place, because every sample passes through a float. Undefined if sharp misinterprets the
 * samples.
 */
export async function streamPermuted(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  output: Output,
  limits: DevelopLimits,
): Promise<Uint8Array | undefined> {
  expectWhole(input, header)
  const opened = await openImage(input, header, limits)
  const { options, metadata, avif } = opened
  const signal = colourSignalOf(input, header, opened)
  const treatment = treatColours(
    signal,
    { isGrey: metadata.channels < 3, makesColours: false },
    output.format,
  )
  const isPlain = treatment.kind === 'own' || treatment.kind === 'implied'
  if (!isPlain || avif?.isPremultiplied || (avif && isNarrowGrey(avif))) return undefined
  const image = orientInSharp(sharp(input, options), header).timeout(timeoutOf(limits))
  const settings = settingsFor(
    {
      bits: 8,
      pixels: header.width * header.height * header.frames,
      frames: header.frames,
      hasAlpha: metadata.hasAlpha,
      delays: metadata.delay ?? [],
      loop: metadata.loop ?? 0,
    },
    output,
    originalOf(input, header, opened),
  )
  const permuted = permute(image.keepIccProfile(), metadata, order)
  // There is no second pass, unlike for an image that is held in memory.
  const bytes = await writeDelays(settings, output.format, delay =>
    writeAs(permuted, output.format, { ...settings, delay, optimiseCoding: true }).toBuffer(),
  )
  if (output.format === 'webp' && metadata.hasAlpha) declareTransparency(bytes)
  const carried = carryMetadata(input, header, metadata, { keepsProfile: false, output, geometry: unmoved })
  return attachMetadata(bytes, output.format, carried, uprightSize(header))
}

function permute(image: Sharp, { channels, space }: Metadata, order: ChannelOrder): Sharp {
  if (channels < 3) return image.toColourspace('b-w')
  const isCmyk = space === 'cmyk'
  const permuted = (isCmyk ? image.toColourspace('srgb') : image).recomb(matrixOf(order))
  return inBytes(permuted, isCmyk ? channels - 1 : channels)
}

/** Recombined samples are floats, which TIFF would keep; a linear function of all channels makes them bytes. */
function inBytes(image: Sharp, channels: number): Sharp {
  return image.linear(new Array(channels).fill(1), new Array(channels).fill(0))
}

function matrixOf(order: ChannelOrder): Matrix3x3 {
  const row = (source: number) => [0, 1, 2].map(channel => (channel === source ? 1 : 0))
  return sourceChannels(order).map(row) as Matrix3x3
}
