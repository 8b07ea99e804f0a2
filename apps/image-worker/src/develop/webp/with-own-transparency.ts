import { riffChunks } from './riff-chunks.ts'
import { declareTransparency } from './webp-transparency.ts'

/** RFC 9649, 2.7.1: the flags of VP8X. */
const flags = { animation: 0x02, alpha: 0x10 } as const

/**
 * A still WebP that declares the transparency of its lossless image; the file itself if it does, or has none. Some
 * programs forget the flag in VP8X. It is only a hint, but libvips relies on it.
 */
export function withOwnTransparency(webp: Uint8Array): Uint8Array {
  const [first, ...others] = riffChunks(webp)
  const declared = first?.type === 'VP8X' ? (first.data[0] ?? 0) : flags.alpha
  if ((declared & (flags.alpha | flags.animation)) !== 0) return webp
  const image = others.find(({ type }) => type === 'VP8L')
  if (!image || !isTransparent(image.data)) return webp
  const copy = Uint8Array.from(webp)
  declareTransparency(copy)
  return copy
}

/** RFC 9649, 3.4: a signature, 14 bits each of width and height, then the bit for transparency. */
function isTransparent(lossless: Buffer): boolean {
  return ((lossless[4] ?? 0) & 0x10) !== 0
}
