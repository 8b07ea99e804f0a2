import type { OutputFormat } from '@darkroom/contracts'
import { gifBlocks } from '../gif/gif-blocks.ts'
import { riffChunks } from '../webp/riff-chunks.ts'
import type { EncodeSettings } from './encode-settings.ts'

const longestShort = 10
const shownInstead = 100

/** The delay that libvips writes into a WebP, in milliseconds: it writes up to 10 ms as 100 ms, as browsers show them. */
export function delayOfLibvips(delay: number): number {
  return delay <= longestShort ? shownInstead : delay
}

/** sharp accepts no longer delay. */
const longestOfSharp = 65_535
/** A duration in a WebP has 24 bits (RFC 9649, 2.7.1.1), in a GIF 16 bits, in hundredths of a second. */
const longestInWebp = 2 ** 24 - 1
const longestInGif = 65_535

/** The delay of every frame while the file is encoded, if the delays are written afterwards. */
const uniform = 20

/**
 * Writes a file with the delays of the settings, in milliseconds. Delays that libvips would change or refuse are written
 * into the finished file. The encoder merges equal frames and adds their delays. All delays are the same at first, so the
 * sum reveals how many frames were merged.
 */
export async function writeDelays(
  { delay: delays, keepsShortDelays }: Pick<EncodeSettings, 'delay' | 'keepsShortDelays'>,
  format: OutputFormat,
  write: (delays: number[]) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const keepsShort = keepsShortDelays && format === 'webp'
  const isChanged = (delay: number) => (keepsShort && delay <= longestShort) || delay > longestOfSharp
  if ((format !== 'webp' && format !== 'gif') || !delays.some(isChanged)) return write(delays)
  const file = await write(delays.map(() => uniform))
  const wanted = format === 'webp' && !keepsShort ? delays.map(delayOfLibvips) : delays
  let next = 0
  const take = (written: number) => {
    const merged = wanted.slice(next, next + written / uniform)
    next += merged.length
    return merged.reduce((one, other) => one + other, 0)
  }
  return format === 'webp' ? inWebp(file, take) : inGif(file, take)
}

function inWebp(webp: Uint8Array, delayFor: (written: number) => number): Uint8Array {
  for (const { type, data } of riffChunks(webp))
    if (type === 'ANMF') data.writeUIntLE(Math.min(delayFor(data.readUIntLE(12, 3)), longestInWebp), 12, 3)
  return webp
}

function inGif(gif: Uint8Array, delayFor: (written: number) => number): Uint8Array {
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  for (const { kind, at } of gifBlocks(gif)) {
    if (kind !== 'control') continue
    const delay = Math.round(delayFor(10 * bytes.readUInt16LE(at + 4)) / 10)
    bytes.writeUInt16LE(Math.min(delay, longestInGif), at + 4)
  }
  return gif
}
