import type { HeaderReader } from '../header-reader.ts'
import type { ImageFacts } from '../image-facts.ts'
import { MalformedImage } from '../malformed-image.ts'
import { exifPrefix, readExifOrientation } from '../tiff/exif.ts'
import { isBitstream, readBitstream } from './bitstream.ts'
import { readChunk, uint24, type WebpChunk } from './chunk.ts'
import { readFrame } from './frame.ts'

/** RFC 9649 section 2.7.1: flags of the VP8X chunk. */
const flag = { animation: 0x02, exif: 0x08, alpha: 0x10 } as const

/** The limit for frames: the time in which libwebp finds all frames grows with the square of their number. */
export const maxWebpFrames = 30_000

/**
 * The most bytes that may be missing at the end of an animation. Some programs count the 8 bytes before the size, too; a
 * frame has at least 24 bytes.
 */
const mostMissingBytes = 23

/**
 * RFC 9649 section 2.5 to 2.7: a single bitstream, or VP8X and the chunks that it declares.
 *
 *     RIFF size WEBP | VP8_ or VP8L
 *     RIFF size WEBP | VP8X flags canvas | ICCP | ANIM | ANMF frame (ALPH VP8_ or VP8L) … | EXIF | XMP
 */
export async function readWebp(reader: HeaderReader): Promise<ImageFacts> {
  const declaredEnd = (await reader.view(4, 4)).getUint32(0, true) + 8
  const riff = { end: Math.min(declaredEnd, reader.size), missing: declaredEnd - reader.size }
  try {
    return await readChunks(reader, riff)
  } catch (error) {
    if (riff.missing <= 0 || !(error instanceof MalformedImage)) throw error
    throw new MalformedImage('the WebP is shorter than the size in its RIFF header')
  }
}

/** The end of the chunks in the file, and how many more bytes the RIFF header declares. */
interface Riff {
  end: number
  missing: number
}

async function readChunks(reader: HeaderReader, riff: Riff): Promise<ImageFacts> {
  const first = await readChunk(reader, 12, riff.end)
  if (first.type === 'VP8X') return readExtended(reader, first, riff)
  if (!isBitstream(first.type)) throw new MalformedImage("the WebP's first chunk is not an image")
  const { width, height, hasAlpha, lossless } = await readBitstream(reader, first)
  return { ...still, width, height, channels: hasAlpha ? 4 : 3, lossless }
}

const still = { frames: 1, bitsPerSample: 8, orientation: 1, progressive: false } as const

async function readExtended(reader: HeaderReader, vp8x: WebpChunk, riff: Riff): Promise<ImageFacts> {
  if (vp8x.bodyEnd - vp8x.body < 10) throw new MalformedImage("the WebP's VP8X chunk is truncated")
  const view = await reader.view(vp8x.body, 10)
  const flags = view.getUint8(0)
  const canvas = { width: uint24(view, 4) + 1, height: uint24(view, 7) + 1 }
  const isAnimation = (flags & flag.animation) !== 0
  if (isAnimation && riff.missing > mostMissingBytes) throw new MalformedImage('frames may be missing')

  const tally = { frames: 0, needsAlpha: (flags & flag.alpha) !== 0, lossless: true }
  let orientation: number | undefined
  for (let offset = vp8x.end; offset < riff.end; ) {
    const chunk = await readChunk(reader, offset, riff.end)
    if (isAnimation && chunk.type === 'ANMF') {
      const { frame, end } = await readFrame(reader, chunk, canvas)
      offset = end
      if (!frame) continue
      if (++tally.frames > maxWebpFrames)
        throw new MalformedImage(`the WebP has more than ${maxWebpFrames} frames`)
      tally.needsAlpha ||= frame.hasAlpha || frame.width !== canvas.width || frame.height !== canvas.height
      tally.lossless &&= frame.lossless
      continue
    }
    if (!isAnimation && tally.frames === 0 && isBitstream(chunk.type)) {
      const image = await readBitstream(reader, chunk)
      if (image.width !== canvas.width || image.height !== canvas.height)
        throw new MalformedImage("the WebP's image does not have the size in its header")
      tally.frames = 1
      tally.lossless = image.lossless
    } else if (chunk.type === 'EXIF' && (flags & flag.exif) !== 0) {
      orientation ??= await readExif(reader, chunk)
    }
    offset = chunk.end
  }
  if (tally.frames === 0) throw new MalformedImage('the WebP contains no image')
  const channels = tally.needsAlpha ? 4 : 3
  const shape = { ...canvas, frames: tally.frames, channels, lossless: tally.lossless }
  return { ...still, ...shape, orientation: orientation ?? 1 }
}

/** Section 2.7.1.5 leaves out JPEG's prefix, which some writers add anyway. */
async function readExif(reader: HeaderReader, chunk: WebpChunk): Promise<number> {
  const length = Math.min(exifPrefix.length, chunk.bodyEnd - chunk.body)
  const hasPrefix = (await reader.text(chunk.body, length)) === exifPrefix
  return readExifOrientation(reader, chunk.body + (hasPrefix ? exifPrefix.length : 0), chunk.bodyEnd)
}
