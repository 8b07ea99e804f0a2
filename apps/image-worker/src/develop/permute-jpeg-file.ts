import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { permuteJpeg } from '../permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../permute/not-well-formed.ts'
import { maxGrowth } from './encode-settings.ts'
import { attachMetadata } from './metadata/attach.ts'
import { carriedMetadata, profileFor } from './metadata/carried-metadata.ts'
import { type Output, unmoved, uprightSize } from './raster.ts'

/**
 * Permutes the colours of a JPEG without decoding its pixels. Undefined where it must be decoded: for another quality,
 * or a lower one, as the other colours would make the file too large.
 */
export async function permuteJpegFile(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  output: Output,
): Promise<Uint8Array | undefined> {
  if (header.format !== 'jpeg' || output.quality !== undefined) return undefined
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
export function permutedJpegCost({ unpackedBytes, orientation }: ImageHeader, input: Uint8Array): number {
  return (orientation === 1 ? 2 : 4) * unpackedBytes + 5 * input.length
}
