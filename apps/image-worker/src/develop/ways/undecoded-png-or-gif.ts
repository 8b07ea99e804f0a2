import type { ChannelOrder } from '@darkroom/contracts'
import type { ImageHeader } from '@darkroom/image-header'
import { permuteGif } from '../../permute/gif/permute-gif.ts'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { permutePng } from '../../permute/png/permute-png.ts'
import { attachMetadata } from '../metadata/attach.ts'
import { carriedMetadata } from '../metadata/carried-metadata.ts'
import { isPermutation } from '../plan.ts'
import { type Output, unmoved } from '../raster.ts'
import type { Way } from './way.ts'

/** Permutes a PNG or GIF without decoding its pixels, in about as much memory as the file takes. */
export const undecodedPngOrGif: Way = {
  cost: ({ header, plan }) =>
    isPermutation(header, plan) && (header.format === 'png' || header.format === 'gif') ? 0 : undefined,
  develop: async ({ input, header, plan }) =>
    isPermutation(header, plan) ? permuteFile(input, header, plan.permutation, plan.output) : undefined,
}

/**
 * Permutes the channels without decoding pixels, if the format allows it and the file is well formed; undefined if it
 * must be decoded. Ancillary chunks of a PNG that break a rule are left out of the result, because decoders ignore them,
 * and a decoded PNG has lost its palette, and the parts of its frames.
 */
export async function permuteFile(
  input: Uint8Array,
  header: ImageHeader,
  order: ChannelOrder,
  output: Output,
): Promise<Uint8Array | undefined> {
  const { format, frames, orientation } = header
  const options = { keepMetadata: output.metadata === 'keep' }
  const withMetadata = (permuted: Uint8Array) => {
    const carried = carriedMetadata(input, header, {}, { keepsProfile: true, output, geometry: unmoved })
    return attachMetadata(permuted, output.format, carried, header)
  }
  const isAnimation = frames > 1
  try {
    if (format === 'gif') return withMetadata(permuteGif(input, order, options))
    if (format !== 'png' || orientation !== 1) return undefined
    // A decoder may still use a profile that isn't quite right. It can't decode an animation.
    const forgives = (type: string) => isAnimation || type !== 'iCCP'
    const permuted = permutePng([input], order, { ...options, forgives })
    return withMetadata(await gather(permuted))
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  return Buffer.concat(await Array.fromAsync(chunks))
}
