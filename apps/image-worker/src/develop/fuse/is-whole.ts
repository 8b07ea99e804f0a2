import { crc32 } from 'node:zlib'
import type { ImageHeader } from '@darkroom/image-header'
import sharp, { type SharpOptions } from 'sharp'

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

/** Checks the chunks: length, type, data, CRC of type and data (PNG 3rd edition, 5.3). */
function hasWholePixels(png: Buffer): boolean {
  for (let at = 8; at + 12 <= png.length; ) {
    const end = at + 8 + png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    if (type === 'IEND') return true
    if (end + 4 > png.length) return false
    if (type === 'IDAT' && crc32(png.subarray(at + 4, end)) !== png.readUInt32BE(end)) return false
    at = end + 4
  }
  return false
}
