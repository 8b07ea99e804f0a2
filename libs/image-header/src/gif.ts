import type { HeaderReader } from './header-reader.ts'
import type { ImageFacts } from './image-facts.ts'
import { MalformedImage } from './malformed-image.ts'

const block = { extension: 0x21, image: 0x2c, trailer: 0x3b } as const
const introducers: readonly number[] = Object.values(block)
const extension = { graphicControl: 0xf9, comment: 0xfe } as const

/**
 * An LZW code size and the start of a sub-block. If a truncated file has fewer bytes than this at its end, there is no
 * frame.
 */
const shortestData = 3

/**
 * The maximum number of stray bytes between blocks. A graphic control extension, the shortest block that changes a frame,
 * has one byte more: with a damaged first byte, it isn't skipped.
 */
const mostStrays = 7

/** The longest minimum LZW code size that decoders accept, plus one. */
const lzwCodeLimit = 12

/**
 * GIF89a section 12 and appendix: header, screen, then extensions and images to the trailer. Walks all blocks as
 * libnsgif does, including its quirks, so that exactly the frames that it would unpack are counted. Zeros and a few stray
 * bytes between blocks, which libnsgif refuses, are skipped: some programs write them, and GIF87a allows any bytes there.
 * For a truncated file, the frames that it contains are counted. As in browsers, the first frame may enlarge the screen,
 * and the screen is transparent where the first frame doesn't cover it.
 */
export async function readGif(reader: HeaderReader): Promise<ImageFacts> {
  const screen = await reader.view(6, 7)
  let width = screen.getUint16(0, true)
  let height = screen.getUint16(2, true)

  let frames = 0
  let isTransparent = false
  let progressive = false
  let offset = 13 + colourTableBytes(screen.getUint8(4))
  for (;;) {
    const frame = await readFrame(reader, offset)
    if (!frame) break
    if (frames === 0) {
      isTransparent = frame.left > 0 || frame.top > 0 || frame.right < width || frame.bottom < height
      width = Math.max(width, frame.right)
      height = Math.max(height, frame.bottom)
    }
    // libnsgif treats a truncated first frame as transparent.
    isTransparent ||= frame.isTransparent || (frames === 0 && !frame.isComplete)
    frames++
    progressive ||= frame.isInterlaced
    offset = frame.end
  }
  if (frames === 0) throw new MalformedImage('the GIF contains no frame')
  const shape = { width, height, frames, channels: isTransparent ? 4 : 3, bitsPerSample: 8 as const }
  return { ...shape, orientation: 1, progressive, lossless: true }
}

/** Sections 18 and 20: if bit 7 is set, a table of 2 to the (n + 1) colours follows. */
function colourTableBytes(packed: number): number {
  return packed & 0x80 ? 3 * 2 ** ((packed & 0x07) + 1) : 0
}

interface Frame {
  left: number
  top: number
  right: number
  bottom: number
  isTransparent: boolean
  isInterlaced: boolean
  isComplete: boolean
  end: number
}

/** Section 20: the extensions before an image, its descriptor, its data. Undefined at the trailer or any end. */
async function readFrame(reader: HeaderReader, start: number): Promise<Frame | undefined> {
  const { offset, isTransparent } = await readExtensions(reader, start)
  if (offset + 11 > reader.size) return undefined
  const descriptor = await reader.view(offset, 10)
  if (descriptor.getUint8(0) !== block.image) return undefined
  const packed = descriptor.getUint8(9)
  const dataAt = offset + 10 + colourTableBytes(packed)
  if (dataAt + shortestData > reader.size) return undefined
  if ((await reader.view(dataAt, 1)).getUint8(0) >= lzwCodeLimit) return undefined
  const data = await skipSubBlocks(reader, dataAt + 1)
  const [left, top] = [descriptor.getUint16(1, true), descriptor.getUint16(3, true)]
  return {
    left,
    top,
    right: left + descriptor.getUint16(5, true),
    bottom: top + descriptor.getUint16(7, true),
    isTransparent,
    isInterlaced: (packed & 0x40) !== 0,
    isComplete: data.isComplete,
    end: data.end,
  }
}

/** Sections 23 to 26. The first sub-block is skipped by its size even if that is 0, except in comments. */
async function readExtensions(reader: HeaderReader, start: number) {
  let offset = await skipPadding(reader, start)
  let isTransparent = false
  while (offset + 3 <= reader.size) {
    const head = await reader.view(offset, 3)
    if (head.getUint8(0) !== block.extension) break
    const label = head.getUint8(1)
    if (label === extension.graphicControl && offset + 4 <= reader.size)
      isTransparent ||= ((await reader.view(offset + 3, 1)).getUint8(0) & 0x01) !== 0
    const bodyAt = label === extension.comment ? offset + 2 : offset + 3 + head.getUint8(2)
    const { end, isComplete } = await skipSubBlocks(reader, bodyAt)
    offset = isComplete ? await skipPadding(reader, end) : reader.size
  }
  return { offset, isTransparent }
}

/** The offset of the next block, after zeros and a few other bytes. */
async function skipPadding(reader: HeaderReader, start: number): Promise<number> {
  let offset = start
  for (let view = await reader.rest(offset); view; view = await reader.rest(offset)) {
    let at = 0
    while (at < view.byteLength && view.getUint8(at) === 0) at++
    offset += at
    if (at < view.byteLength) break
  }
  for (let next = offset; next < Math.min(offset + mostStrays + 1, reader.size); next++)
    if (introducers.includes((await reader.view(next, 1)).getUint8(0))) return next
  return offset
}

/** Section 15: a size, that many bytes, and so on until a size of 0. One step skips one sub-block. */
async function skipSubBlocks(reader: HeaderReader, start: number) {
  let offset = start
  for (;;) {
    const view = await reader.rest(offset)
    if (!view) return { end: Math.max(start, reader.size), isComplete: false }
    let at = 0
    while (at < view.byteLength) {
      const size = view.getUint8(at)
      at += 1 + size
      if (size === 0) return { end: offset + at, isComplete: true }
    }
    offset += at
  }
}
