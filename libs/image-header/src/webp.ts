import { exifPrefix, readExifOrientation } from './exif.ts'
import { type HeaderReader, latin1 } from './header-reader.ts'
import type { ImageFacts } from './image-facts.ts'
import { MalformedImage } from './malformed-image.ts'
import { isBitstream, readBitstream } from './webp-bitstream.ts'

/** RFC 9649 section 2.7.1: flags of the VP8X chunk. */
const flag = { animation: 0x02, exif: 0x08, alpha: 0x10 } as const

/**
 * RFC 9649 section 2.5 to 2.7: one bitstream alone, or VP8X and the chunks it announces.
 *
 *     RIFF size WEBP | VP8_ or VP8L
 *     RIFF size WEBP | VP8X flags canvas | ICCP | ANIM | ANMF frame (ALPH VP8_ or VP8L) … | EXIF | XMP
 */
export async function readWebp(reader: HeaderReader): Promise<ImageFacts> {
  const riffEnd = (await reader.view(4, 4)).getUint32(0, true) + 8
  if (riffEnd > reader.size) throw new MalformedImage('the WebP is shorter than its RIFF header says')
  const first = await readChunk(reader, 12, riffEnd)
  if (first.type === 'VP8X') return readExtended(reader, first, riffEnd)
  if (!isBitstream(first.type)) throw new MalformedImage("the WebP's first chunk is no image")
  const { width, height, hasAlpha, lossless } = await readBitstream(reader, first)
  return { ...still, width, height, channels: hasAlpha ? 4 : 3, lossless }
}

const still = { frames: 1, bitsPerSample: 8, orientation: 1, progressive: false } as const

export interface WebpChunk {
  type: string
  body: number
  bodyEnd: number
  /** After the padding: section 2.3, chunks of odd size have one byte more. */
  end: number
}

async function readChunk(reader: HeaderReader, offset: number, limit: number): Promise<WebpChunk> {
  if (offset + 8 > limit) throw new MalformedImage('a WebP chunk is cut short')
  const view = await reader.view(offset, 8)
  const bodyEnd = offset + 8 + view.getUint32(4, true)
  const end = bodyEnd + (bodyEnd & 1)
  if (end > limit) throw new MalformedImage('a WebP chunk leaves the file or its frame')
  return { type: latin1(view).slice(0, 4), body: offset + 8, bodyEnd, end }
}

async function readExtended(reader: HeaderReader, vp8x: WebpChunk, riffEnd: number): Promise<ImageFacts> {
  if (vp8x.bodyEnd - vp8x.body < 10) throw new MalformedImage("the WebP's VP8X chunk is cut short")
  const view = await reader.view(vp8x.body, 10)
  const flags = view.getUint8(0)
  const canvas = { width: uint24(view, 4) + 1, height: uint24(view, 7) + 1 }
  const isAnimation = (flags & flag.animation) !== 0

  const tally = { frames: 0, needsAlpha: (flags & flag.alpha) !== 0, lossless: true }
  let orientation: number | undefined
  for (let offset = vp8x.end; offset < riffEnd; ) {
    const chunk = await readChunk(reader, offset, riffEnd)
    if (isAnimation && chunk.type === 'ANMF') {
      const frame = await readFrame(reader, chunk, canvas)
      tally.frames++
      tally.needsAlpha ||= frame.hasAlpha || frame.width !== canvas.width || frame.height !== canvas.height
      tally.lossless &&= frame.lossless
    } else if (!isAnimation && tally.frames === 0 && isBitstream(chunk.type)) {
      const image = await readBitstream(reader, chunk)
      if (image.width !== canvas.width || image.height !== canvas.height)
        throw new MalformedImage("the WebP's image is not of the size its header announces")
      tally.frames = 1
      tally.lossless = image.lossless
    } else if (chunk.type === 'EXIF' && (flags & flag.exif) !== 0) {
      orientation ??= await readExif(reader, chunk)
    }
    offset = chunk.end
  }
  if (tally.frames === 0) throw new MalformedImage('the WebP holds no image')
  const channels = tally.needsAlpha ? 4 : 3
  const shape = { ...canvas, frames: tally.frames, channels, lossless: tally.lossless }
  return { ...still, ...shape, orientation: orientation ?? 1 }
}

interface Frame {
  width: number
  height: number
  hasAlpha: boolean
  lossless: boolean
}

/** Section 2.7.1.1, ANMF: x/2, y/2, width-1, height-1, duration, flags; then ALPH and the bitstream. */
async function readFrame(
  reader: HeaderReader,
  anmf: WebpChunk,
  canvas: { width: number; height: number },
): Promise<Frame> {
  if (anmf.bodyEnd - anmf.body < 24) throw new MalformedImage('a WebP frame is cut short')
  const view = await reader.view(anmf.body, 16)
  let image = await readChunk(reader, anmf.body + 16, anmf.end)
  const hasAlphaChunk = image.type === 'ALPH'
  if (hasAlphaChunk) image = await readChunk(reader, image.end, anmf.end)
  if (!isBitstream(image.type)) throw new MalformedImage('a WebP frame holds no image')
  const { width, height, hasAlpha, lossless } = await readBitstream(reader, image)
  if (2 * uint24(view, 0) + width > canvas.width || 2 * uint24(view, 3) + height > canvas.height)
    throw new MalformedImage("a WebP frame leaves the animation's canvas")
  return { width, height, hasAlpha: hasAlpha || hasAlphaChunk, lossless }
}

/** Section 2.7.1.5 leaves out JPEG's prefix, which some writers put all the same. */
async function readExif(reader: HeaderReader, chunk: WebpChunk): Promise<number> {
  const length = Math.min(exifPrefix.length, chunk.bodyEnd - chunk.body)
  const hasPrefix = (await reader.text(chunk.body, length)) === exifPrefix
  return readExifOrientation(reader, chunk.body + (hasPrefix ? exifPrefix.length : 0), chunk.bodyEnd)
}

function uint24(view: DataView, at: number): number {
  return view.getUint16(at, true) + (view.getUint8(at + 2) << 16)
}
