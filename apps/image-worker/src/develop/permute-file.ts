import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import { NotWellFormed } from '../permute/not-well-formed.ts'
import { permuteGif } from '../permute/permute-gif.ts'
import { permutePng } from '../permute/permute-png.ts'
import { attachMetadata } from './metadata/attach.ts'
import { carriedMetadata } from './metadata/carried-metadata.ts'
import { type Output, unmoved } from './raster.ts'
import { UnusableImage } from './unusable-image.ts'

/**
 * Permutes the channels without decoding pixels, where the format allows that and the file is perfectly well
 * formed; undefined where it must be decoded.
 *
 * @throws UnusableImage for an animated PNG that isn't, as decoding would lose all frames but one
 */
export async function permuteFile(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  output: Output,
): Promise<Uint8Array | undefined> {
  const { format, frames } = header
  const options = { keepMetadata: output.metadata === 'keep' }
  const withMetadata = (permuted: Uint8Array) => {
    const carried = carriedMetadata(input, header, {}, { keepsProfile: true, output, geometry: unmoved })
    return attachMetadata(permuted, output.format, carried, header)
  }
  try {
    if (format === 'gif') return withMetadata(permuteGif(input, order, options))
    if (format === 'png') return withMetadata(await gather(permutePng([input], order, options)))
    return undefined
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
    // The decoder knows the first frame of a PNG alone.
    if (format === 'png' && frames > 1) {
      const words = `the animation is not well formed: ${error.message}`
      throw new UnusableImage('malformed-animation', words, { cause: error })
    }
    return undefined
  }
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(chunks))
}
