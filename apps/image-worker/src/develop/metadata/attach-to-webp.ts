import type { Size } from '../../permute/rectangle.ts'
import { riffChunks } from '../webp/riff-chunks.ts'
import { extendedFlags, isTransparentLossless } from '../webp/webp-transparency.ts'
import { exifBytes } from './exif.ts'
import type { WrittenMetadata } from './written-metadata.ts'

type Chunk = { type: string; data: Uint8Array }

/**
 * Puts metadata into a WebP and makes it one of the extended format: VP8X first, the profile before the image data,
 * EXIF and XMP after it (RFC 9649, 2.7).
 */
export function attachToWebp(webp: Uint8Array, { icc, exif, xmp }: WrittenMetadata, size: Size): Uint8Array {
  if (!icc && !exif && !xmp) return webp
  const chunks: Chunk[] = [...riffChunks(webp)]
  const extended = chunks.find(({ type }) => type === 'VP8X')
  const rest = chunks.filter(chunk => chunk !== extended)
  const header = extended ? Uint8Array.from(extended.data) : extendedHeader(rest, size)
  header[0] =
    (header[0] ?? 0) |
    (icc ? extendedFlags.icc : 0) |
    (exif ? extendedFlags.exif : 0) |
    (xmp ? extendedFlags.xmp : 0)
  return writeChunks([
    { type: 'VP8X', data: header },
    ...(icc ? [{ type: 'ICCP', data: icc }] : []),
    ...rest,
    ...(exif ? [{ type: 'EXIF', data: exifBytes(exif) }] : []),
    ...(xmp ? [{ type: 'XMP ', data: xmp }] : []),
  ])
}

function extendedHeader(chunks: Chunk[], { width, height }: Size): Uint8Array {
  const header = Buffer.alloc(10)
  header[0] = chunks.some(hasAlpha) ? extendedFlags.alpha : 0
  header.writeUIntLE(width - 1, 4, 3)
  header.writeUIntLE(height - 1, 7, 3)
  return header
}

function hasAlpha({ type, data }: Chunk): boolean {
  return type === 'ALPH' || (type === 'VP8L' && isTransparentLossless(data))
}

function writeChunks(chunks: Chunk[]): Uint8Array {
  const parts = chunks.flatMap(({ type, data }) => {
    const head = Buffer.alloc(8)
    head.write(type, 'latin1')
    head.writeUInt32LE(data.length, 4)
    return [head, data, Buffer.alloc(data.length % 2)]
  })
  const length = parts.reduce((sum, part) => sum + part.length, 4)
  const head = Buffer.from('RIFF\0\0\0\0WEBP', 'latin1')
  head.writeUInt32LE(length, 4)
  return Buffer.concat([head, ...parts])
}
