import sharp, { type Sharp } from 'sharp'
import { writePng } from '../../../src/develop/encode/encode-png.ts'
import { settingsFor } from '../../../src/develop/encode/encode-settings.ts'
import type { Original } from '../../../src/develop/original.ts'
import type { Output } from '../../../src/develop/output.ts'
import { noiseBytes } from '../../permute/pictures.ts'
import { assertSame, inspect } from '../inspect.ts'

export const settings = settingsFor(
  { bits: 8, pixels: 1, frames: 1, hasAlpha: false, delays: [], loop: 0 },
  { format: 'png', metadata: 'strip' } as Output,
  { format: 'jpeg' } as Original,
)

export interface Kind {
  width: number
  height: number
  channels: 1 | 3 | 4
  bits: 8 | 16
  content: 'noise' | 'flat' | 'steps'
}

function imageOf({ width, height, channels, bits, content }: Kind): Sharp {
  const count = width * height * channels
  const noise = noiseBytes(2 * count, width)
  const value = (at: number) =>
    content === 'noise' ? (noise[at] ?? 0) * 257 : content === 'flat' ? 4660 : (at >> 6) * 771
  const samples = bits === 8 ? new Uint8Array(count) : new Uint16Array(count)
  for (let at = 0; at < count; at++) samples[at] = value(at)
  const space = channels === 1 ? 'grey16' : 'rgb16'
  const image = sharp(samples, { raw: { width, height, channels } })
  return bits === 16 ? image.toColourspace(space) : image.toColourspace(channels === 1 ? 'b-w' : 'srgb')
}

/** The samples that sharp reads in the PNG are those of the image. */
export async function assertExact(kind: Kind): Promise<void> {
  const { data } = await writePng(imageOf(kind), settings, kind)
  assertSame(await inspect(data), await inspect(await imageOf(kind).png().toBuffer()))
  // Any fault of the stream, such as a wrong Adler-32 or bytes after it, is an error.
  await sharp(data, { failOn: 'warning' }).raw().toBuffer()
}
