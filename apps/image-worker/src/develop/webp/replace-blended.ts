import type { Rectangle } from '../../permute/rectangle.ts'
import { type Raster, samplesOf } from '../raster/raster.ts'
import { bytesOfChunks, type RiffChunk, riffChunks, webpOf } from './riff-chunks.ts'

/** A frame's raster; two channels are grey and transparency. */
type Frame = Omit<Raster, 'channels'> & { channels: 1 | 2 | 3 | 4 }

/** The bytes of ANMF before the frame's own chunks: rectangle, duration and flags (RFC 9649, 2.7.1.1). */
const headBytes = 16
const flagsAt = 15
const doNotBlend = 2

/**
 * Replaces the frames of a lossy animation that would show a wrong transparency. If the changed pixels of a frame are
 * opaque, libwebp draws the frame over the frame before. It leaves out unchanged pixels only in whole blocks of opaque
 * pixels. So unchanged half transparent pixels, such as the soft edges of stickers, are drawn twice and become more opaque.
 *
 * `frames` are the frames that were encoded. `delays` were given to libwebp, which merges equal frames.
 * `encode` makes a still WebP of a part of a frame.
 */
export async function replaceBlended(
  webp: Uint8Array,
  frames: readonly Frame[],
  delays: readonly number[],
  encode: (frame: Frame, part: Rectangle) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const chunks: RiffChunk[] = []
  let [time, index, shownFrom] = [0, 0, 0]
  let isChanged = false
  for (const chunk of riffChunks(webp)) {
    if (chunk.type !== 'ANMF') {
      chunks.push(chunk)
      continue
    }
    while (shownFrom < time) shownFrom += delays[index++] ?? Number.POSITIVE_INFINITY
    time += chunk.data.readUIntLE(12, 3)
    const frame = frames[index]
    const part = rectangleOf(chunk.data)
    const isBlended = ((chunk.data[flagsAt] ?? 0) & doNotBlend) === 0
    if (isBlended && frame && hasHalfTransparent(frame, part)) {
      chunks.push({ type: 'ANMF', data: replaced(chunk.data, await encode(frame, part)) })
      isChanged = true
    } else chunks.push(chunk)
  }
  return isChanged ? webpOf(chunks) : webp
}

function rectangleOf(data: Buffer): Rectangle {
  const [left, top, width, height] = [0, 3, 6, 9].map(at => data.readUIntLE(at, 3)) as [
    number,
    number,
    number,
    number,
  ]
  return { left: 2 * left, top: 2 * top, width: width + 1, height: height + 1 }
}

function hasHalfTransparent(frame: Frame, { left, top, width, height }: Rectangle): boolean {
  const { channels, bits } = frame
  const samples = samplesOf(frame)
  const most = 2 ** bits - 1
  for (let row = top; row < top + height; row++) {
    const from = (row * frame.width + left) * channels
    for (let at = from + channels - 1; at < from + width * channels; at += channels) {
      const alpha = samples[at] ?? 0
      if (alpha > 0 && alpha < most) return true
    }
  }
  return false
}

/** The frame with the image data of a still WebP, which replace what is below. */
function replaced(data: Buffer, still: Uint8Array): Uint8Array {
  const head = Buffer.from(data.subarray(0, headBytes))
  head[flagsAt] = (head[flagsAt] ?? 0) | doNotBlend
  const image = [...riffChunks(still)].filter(({ type }) => type === 'ALPH' || type.startsWith('VP8 '))
  return Buffer.concat([head, bytesOfChunks(image)])
}
