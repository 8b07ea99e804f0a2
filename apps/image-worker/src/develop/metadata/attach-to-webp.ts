import type { Size } from '../../permute/rectangle.ts'
import { type RiffChunk, riffChunks, webpOf } from '../webp/riff-chunks.ts'
import { extendedFlags, isTransparentLossless } from '../webp/webp-transparency.ts'
import { exifBytes } from './exif.ts'
import type { WrittenMetadata } from './written-metadata.ts'

/**
 * Puts metadata into a WebP and makes it one of the extended format: VP8X first, the profile before the image data,
 * EXIF and XMP after it (RFC 9649, 2.7).
 */
export function attachToWebp(webp: Uint8Array, { icc, exif, xmp }: WrittenMetadata, size: Size): Uint8Array {
  if (!icc && !exif && !xmp) return webp
  const chunks: RiffChunk[] = [...riffChunks(webp)]
  const extended = chunks.find(({ type }) => type === 'VP8X')
  const rest = chunks.filter(chunk => chunk !== extended)
  const header = extended ? Uint8Array.from(extended.data) : extendedHeader(rest, size)
  header[0] =
    (header[0] ?? 0) |
    (icc ? extendedFlags.icc : 0) |
    (exif ? extendedFlags.exif : 0) |
    (xmp ? extendedFlags.xmp : 0)
  return webpOf([
    { type: 'VP8X', data: header },
    ...(icc ? [{ type: 'ICCP', data: icc }] : []),
    ...rest,
    ...(exif ? [{ type: 'EXIF', data: exifBytes(exif) }] : []),
    ...(xmp ? [{ type: 'XMP ', data: xmp }] : []),
  ])
}

function extendedHeader(chunks: RiffChunk[], { width, height }: Size): Uint8Array {
  const header = Buffer.alloc(10)
  header[0] = chunks.some(hasAlpha) ? extendedFlags.alpha : 0
  header.writeUIntLE(width - 1, 4, 3)
  header.writeUIntLE(height - 1, 7, 3)
  return header
}

function hasAlpha({ type, data }: RiffChunk): boolean {
  return type === 'ALPH' || (type === 'VP8L' && isTransparentLossless(data))
}
