import type { EncodeSettings } from '../encode-settings.ts'
import { riffChunks } from '../riff-chunks.ts'

/** libvips writes delays of up to 10 ms as 100 ms, as browsers show them. */
const shortestWritten = 11
/** A duration has 24 bits (RFC 9649, 2.7.1.1). */
const longest = 2 ** 24 - 1

/**
 * Writes a file with the delays of the settings, in milliseconds. If short delays of a WebP are kept, all delays are
 * written as multiples, which are then divided in the file: the encoder merges equal frames, and adds their delays.
 */
export async function writeDelays(
  { delay: delays, keepsShortDelays }: Pick<EncodeSettings, 'delay' | 'keepsShortDelays'>,
  write: (delays: number[]) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const zeros = delays.filter(delay => delay === 0).length
  const factor = shortestWritten * Math.max(zeros, 1) + 1
  const multiples = delays.map(delay => factor * delay || shortestWritten)
  const isNeeded = keepsShortDelays && delays.some(delay => delay < shortestWritten)
  const sum = multiples.reduce((one, other) => one + other, 0)
  if (!isNeeded || sum > longest) return write(delays)
  const webp = await write(multiples)
  for (const { type, data } of riffChunks(webp)) {
    if (type === 'ANMF') data.writeUIntLE(Math.floor(data.readUIntLE(12, 3) / factor), 12, 3)
  }
  return webp
}
