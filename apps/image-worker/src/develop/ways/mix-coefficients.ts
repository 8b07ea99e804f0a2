import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { permuteJpeg } from '../../permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { maxGrowth } from '../encode-settings.ts'
import { maxHeldBytes } from '../held-bytes.ts'
import { attachMetadata } from '../metadata/attach.ts'
import { carriedMetadata, profileFor } from '../metadata/carried-metadata.ts'
import { isPermutation } from '../plan.ts'
import { type Output, unmoved, uprightSize } from '../raster.ts'
import type { Way } from './way.ts'

/** A permutation of a JPEG whose coefficients can be held in memory. */
export const mixCoefficients: Way = {
  cost: ({ input, header, plan }) => {
    const isTaken = header.format === 'jpeg' && header.unpackedBytes <= maxHeldBytes
    if (!isTaken || !isPermutation(header, plan) || plan.output.quality !== undefined) return undefined
    return permutedJpegCost(header, input)
  },
  develop: async ({ input, header, plan }) =>
    isPermutation(header, plan) ? permuteJpegFile(input, header, plan.permutation, plan.output) : undefined,
}

/**
 * Permutes the colours of a JPEG without decoding its pixels. Undefined where it must be decoded: where it isn't well
 * formed, and where it needs a lower quality, as the other colours would make the file too large.
 */
async function permuteJpegFile(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  output: Output,
): Promise<Uint8Array | undefined> {
  const jpeg = permuteIfWellFormed(input, order, header.orientation)
  if (!jpeg || jpeg.length > maxGrowth * input.length) return undefined
  const metadata = carriedMetadata(input, header, await sharp(input).metadata(), {
    keepsProfile: true,
    output,
    geometry: unmoved,
  })
  return attachMetadata(
    jpeg,
    'jpeg',
    profileFor({ isGrey: header.channels === 1 }, metadata),
    uprightSize(header),
  )
}

function permuteIfWellFormed(
  input: Uint8Array,
  order: ChannelOrder,
  orientation: number,
): Uint8Array | undefined {
  try {
    return permuteJpeg(input, order, orientation)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

/**
 * The bytes of memory that takes at most, roughly: coefficients are of two bytes, and stand beside the turned ones; the
 * file is there as it came, as it is read, as it is written, in parts, and whole.
 */
function permutedJpegCost({ unpackedBytes, orientation }: ImageHeader, input: Uint8Array): number {
  return (orientation === 1 ? 2 : 4) * unpackedBytes + 5 * input.length
}
