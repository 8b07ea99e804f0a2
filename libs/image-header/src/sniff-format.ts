import type { SniffedFormat } from './image-format.ts'

/** The number of leading bytes that `sniffFormat` reads. */
export const sniffedBytes = 64

/**
 * Finds the format from the first bytes of a file alone (up to 64; most formats need fewer). Ignores names and declared
 * content types.
 */
export function sniffFormat(head: Uint8Array): SniffedFormat | undefined {
  const text = String.fromCharCode(...head.subarray(0, sniffedBytes))
  if (jpegStart.test(text)) return 'jpeg'
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png'
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif'
  if (text.startsWith('RIFF') && text.startsWith('WEBP', 8)) return 'webp'
  if (tiffMagics.some(magic => text.startsWith(magic))) return 'tiff'
  return text.startsWith('ftyp', 4) ? sniffHeif(head, text) : undefined
}

/**
 * ITU-T T.81 annex B: SOI and the marker of a segment. Decoders skip stray bytes between them, which some programs write.
 */
const jpegStart = /^\xff\xd8(?:\xff|.*?\xff[\xc0-\xcf\xdb\xdd\xe0-\xef\xfe])/s

/** TIFF 6.0 section 2, and BigTIFF with its fixed offset size of 8; in both byte orders. */
const tiffMagics = ['II*\0', 'MM\0*', 'II+\0\x08\0\0\0', 'MM\0+\0\x08\0\0']

/** AVIF 1.1 section 6, ISO/IEC 23008-12 annex B.4, and the brands for either coding (sections 10.2.2 and 10.3.1). */
const brandsOf = {
  avif: ['avif', 'avis'],
  heic: ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'hevm', 'hevs'],
  heif: ['mif1', 'mif2', 'msf1'],
} as const

/** ISO/IEC 14496-12 section 4.3: size, 'ftyp', major brand, minor version, compatible brands to the end. */
function sniffHeif(head: Uint8Array, text: string): SniffedFormat | undefined {
  if (text.length < 16) return undefined
  const size = new DataView(head.buffer, head.byteOffset, 4).getUint32(0)
  const brands = [text.slice(8, 12)]
  for (let at = 16; at + 4 <= Math.min(size, text.length); at += 4) brands.push(text.slice(at, at + 4))
  const has = (format: keyof typeof brandsOf) => brandsOf[format].some(brand => brands.includes(brand))
  if (has('avif') !== has('heic')) return has('avif') ? 'avif' : 'heic'
  return has('avif') || has('heif') ? 'heif' : undefined
}
