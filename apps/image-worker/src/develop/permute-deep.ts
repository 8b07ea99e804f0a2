import type { ChannelOrder } from '@darkroom/contracts'
import type { Sharp } from 'sharp'
import { sourceChannels } from '../permute/channel-order.ts'

/**
 * Permutes the channels of 16-bit samples exactly. sharp's own recombination works on eight bits and would lose
 * the others; an exclusive or doesn't. So the image is decoded once to find which bits change, and once more to
 * change them; that way it keeps its profile and frames. Needs the memory of the unpacked image.
 *
 * `open` gives the image to be permuted, each time anew and in 16 bits.
 */
export async function permuteDeep(open: () => Sharp, order: ChannelOrder): Promise<Sharp> {
  const { data, info } = await open().raw({ depth: 'ushort' }).toBuffer({ resolveWithObject: true })
  const { width, height, channels } = info
  const samples = new Uint16Array(data.buffer, data.byteOffset, data.length / Uint16Array.BYTES_PER_ELEMENT)
  toChangedBits(samples, channels, sourceChannels(order))
  // Typed arrays are taken as what they are; the types of sharp say so of its constructor only.
  const changes = samples as unknown as Buffer
  return open().boolean(changes, 'eor', { raw: { width, height, channels } })
}

/** Each sample becomes the bits in which it differs from the one that takes its place; other channels keep theirs. */
function toChangedBits(
  samples: Uint16Array,
  channels: number,
  [redFrom, greenFrom, blueFrom]: readonly [number, number, number],
): void {
  for (let at = 0; at < samples.length; at += channels) {
    const red = sampleAt(samples, at + redFrom) ^ sampleAt(samples, at)
    const green = sampleAt(samples, at + greenFrom) ^ sampleAt(samples, at + 1)
    const blue = sampleAt(samples, at + blueFrom) ^ sampleAt(samples, at + 2)
    samples[at] = red
    samples[at + 1] = green
    samples[at + 2] = blue
    for (let other = 3; other < channels; other++) samples[at + other] = 0
  }
}

function sampleAt(samples: Uint16Array, at: number): number {
  return samples[at] ?? 0
}
