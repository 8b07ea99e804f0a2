import sharp from 'sharp'
import type { ChannelOrder } from '../../src/permute/channel-order.ts'

export interface Decoded {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly samples: Uint8Array | Uint16Array
}

/** Decodes independently, by libpng or libnsgif in sharp. Profiles are ignored, because they would change the samples. */
export async function decode(file: Uint8Array): Promise<Decoded> {
  const image = sharp(file, { failOn: 'warning', ignoreIcc: true, animated: true })
  const { depth, space } = await image.metadata()
  const isDeep = depth === 'ushort'
  if (isDeep) image.toColourspace(space === 'grey16' ? 'grey16' : 'rgb16')
  const raw = image.raw(isDeep ? { depth: 'ushort' } : {})
  const { data, info } = await raw.toBuffer({ resolveWithObject: true })
  const copy = new Uint8Array(data)
  const samples = isDeep ? new Uint16Array(copy.buffer) : copy
  return { width: info.width, height: info.height, channels: info.channels, samples }
}

/** The expected result of a permutation, sample by sample. */
export function permuted(decoded: Decoded, order: ChannelOrder): Decoded {
  if (decoded.channels < 3) return decoded
  const samples = decoded.samples.slice()
  const sources = [...order].map(source => 'rgb'.indexOf(source))
  for (let at = 0; at < samples.length; at += decoded.channels)
    for (let channel = 0; channel < 3; channel++)
      samples[at + channel] = decoded.samples[at + (sources[channel] ?? 0)] ?? 0
  return { ...decoded, samples }
}
