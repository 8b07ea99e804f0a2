import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import sharp from 'sharp'
import { permuteJpeg } from '../permute/jpeg/permute-jpeg.ts'
import { NotWellFormed } from '../permute/not-well-formed.ts'
import { carriedMetadata } from './decode.ts'
import { profileFor } from './encode.ts'
import { attachMetadata } from './metadata/attach.ts'
import type { Output } from './raster.ts'

/**
 * Permutes the colours of a JPEG without decoding its pixels, where it gets no other quality; undefined where it must
 * be decoded. It takes about as much memory as the pixels would.
 */
export async function permuteJpegFile(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  output: Output,
): Promise<Uint8Array | undefined> {
  if (header.format !== 'jpeg' || output.quality !== undefined) return undefined
  try {
    const jpeg = permuteJpeg(input, order, header.orientation)
    const metadata = carriedMetadata(input, await sharp(input).metadata(), true, output)
    return attachMetadata(jpeg, 'jpeg', profileFor({ isGrey: header.channels === 1 }, metadata), header)
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}
