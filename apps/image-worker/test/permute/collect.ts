import type { ChannelOrder } from '../../src/permute/channel-order.ts'
import { type PermuteOptions, permutePng } from '../../src/permute/png/permute-png.ts'

/** Permutes a complete PNG, and returns the complete result. */
export async function permuteWhole(
  png: Uint8Array | Iterable<Uint8Array>,
  order: ChannelOrder,
  options: PermuteOptions = { keepMetadata: false },
): Promise<Buffer> {
  const pieces = await Array.fromAsync(permutePng(png instanceof Uint8Array ? [png] : png, order, options))
  return Buffer.concat(pieces)
}
