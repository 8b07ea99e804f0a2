import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import { NotWellFormed } from '../permute/not-well-formed.ts'
import { permuteGif } from '../permute/permute-gif.ts'
import { permutePng } from '../permute/permute-png.ts'
import type { Output } from './raster.ts'

/**
 * Permutes the channels without decoding pixels, where the format allows that and the file is perfectly well
 * formed; undefined where it must be decoded.
 */
export async function permuteFile(
  input: Uint8Array,
  { format }: ImageHeader,
  order: ChannelOrder,
  output: Output,
): Promise<Uint8Array | undefined> {
  const options = { keepMetadata: output.metadata === 'keep' }
  try {
    if (format === 'gif') return permuteGif(input, order, options)
    if (format === 'png') return await gather(permutePng([input], order, options))
    return undefined
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(chunks))
}
