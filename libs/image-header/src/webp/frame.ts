import type { HeaderReader } from '../header-reader.ts'
import { MalformedImage } from '../malformed-image.ts'
import { isBitstream, readBitstream } from './bitstream.ts'
import { readChunk, uint24, type WebpChunk } from './chunk.ts'

interface WebpFrame {
  width: number
  height: number
  hasAlpha: boolean
  lossless: boolean
}

/**
 * RFC 9649 section 2.7.1.1, ANMF: x/2, y/2, width-1, height-1, duration, flags; then ALPH and the bitstream. A chunk
 * without either is not a frame. `end` is where libwebp continues: after the image, even if the size of the chunk is
 * wrong, so that no frame can hide in another.
 */
export async function readFrame(
  reader: HeaderReader,
  anmf: WebpChunk,
  canvas: { width: number; height: number },
): Promise<{ frame: WebpFrame | undefined; end: number }> {
  const imageAt = anmf.body + 16
  if (anmf.bodyEnd < imageAt) throw new MalformedImage('a WebP frame is truncated')
  if (imageAt + 8 > anmf.end) return { frame: undefined, end: imageAt }
  let image = await readChunk(reader, imageAt, anmf.end)
  const hasAlphaChunk = image.type === 'ALPH'
  if (hasAlphaChunk) image = await readChunk(reader, image.end, anmf.end)
  if (!isBitstream(image.type)) {
    if (hasAlphaChunk) throw new MalformedImage('a WebP frame has alpha but no image')
    return { frame: undefined, end: imageAt }
  }
  const { width, height, hasAlpha, lossless } = await readBitstream(reader, image)
  const place = await reader.view(anmf.body, 6)
  if (2 * uint24(place, 0) + width > canvas.width || 2 * uint24(place, 3) + height > canvas.height)
    throw new MalformedImage("a WebP frame extends beyond the animation's canvas")
  return { frame: { width, height, hasAlpha: hasAlpha || hasAlphaChunk, lossless }, end: image.end }
}
