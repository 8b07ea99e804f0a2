import type { ImageFormat } from './image-format.ts'

/** How many leading bytes sniffFormat looks at. */
export const sniffedBytes = 64

/**
 * Tells the format by magic bytes alone, from the first bytes of a file (up to 64; fewer will do for most).
 * A name or a claimed content type plays no part.
 */
export function sniffFormat(head: Uint8Array): ImageFormat | undefined {
  const text = String.fromCharCode(...head.subarray(0, sniffedBytes))
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif'
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp'
  if (tiffMagics.some(magic => text.startsWith(magic))) return 'tiff'
  if (text.startsWith('ftyp', 4) && isAvif(head, text)) return 'avif'
  return undefined
}

/** TIFF 6.0 section 2, and BigTIFF with its fixed offset size of 8; either byte order. */
const tiffMagics = ['II*\0', 'MM\0*', 'II+\0\x08\0\0\0', 'MM\0+\0\x08\0\0']

/** Brands of HEVC-coded HEIF files, which may name avif among the compatible ones and are not AVIF even so. */
const hevcBrands = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'hevm', 'hevs']

/** ISO/IEC 14496-12 section 4.3: size, 'ftyp', major brand, minor version, compatible brands to the end. */
function isAvif(head: Uint8Array, text: string): boolean {
  if (text.length < 16) return false
  const size = new DataView(head.buffer, head.byteOffset, 4).getUint32(0)
  const major = text.slice(8, 12)
  if (hevcBrands.includes(major)) return false
  const brands = [major]
  for (let at = 16; at + 4 <= Math.min(size, text.length); at += 4) brands.push(text.slice(at, at + 4))
  return brands.includes('avif') || brands.includes('avis')
}
