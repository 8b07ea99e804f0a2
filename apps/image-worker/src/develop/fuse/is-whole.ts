import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type SharpOptions } from 'sharp'
import { pngSignature } from '../../permute/png/chunks.ts'
import { isIntact, pngChunks } from '../png/png-chunks.ts'

/**
 * Whether the data of all pixels are present and undamaged, for calls that don't decode all of them: the decoders of
 * baseline JPEG and of PNG stop at the last row that is needed. A JPEG is decoded at an eighth of its size; a PNG's
 * CRCs are checked.
 *
 * @throws Error with the decoder's message
 */
export async function isWhole(
  input: Uint8Array,
  { format, progressive, width }: Pick<ImageHeader, 'format' | 'progressive' | 'width'>,
  options: SharpOptions,
): Promise<boolean> {
  if (progressive || (format !== 'jpeg' && format !== 'png')) return true
  if (format === 'png') return hasWholePixels(Buffer.from(input.buffer, input.byteOffset, input.length))
  // Slightly more than eight times smaller makes sharp decode at an eighth.
  const smaller = sharp(input, options).resize({ width: Math.ceil(width / 10), kernel: 'nearest' })
  await smaller.raw().toBuffer()
  return true
}

/** Whether IEND comes after the pixels, whose CRCs are right. */
function hasWholePixels(png: Buffer): boolean {
  let end = pngSignature.length
  for (const chunk of pngChunks(png)) {
    if (chunk.type === 'IDAT' && !isIntact(png, chunk)) return false
    end = chunk.to
  }
  return end + 12 <= png.length && png.toString('latin1', end + 4, end + 8) === 'IEND'
}
