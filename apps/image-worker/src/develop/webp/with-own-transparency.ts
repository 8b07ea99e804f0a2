import { riffChunks } from './riff-chunks.ts'
import { declareTransparency, extendedFlags, isTransparentLossless } from './webp-transparency.ts'

/**
 * A still WebP that declares the transparency of its lossless image; the file itself if it already does, or if the image is
 * opaque. Some programs forget the flag in VP8X. The flag is only a hint, but libvips relies on it.
 */
export function withOwnTransparency(webp: Uint8Array): Uint8Array {
  const [first, ...others] = riffChunks(webp)
  const declared = first?.type === 'VP8X' ? (first.data[0] ?? 0) : extendedFlags.alpha
  if ((declared & extendedFlags.alpha) !== 0) return webp
  const image = others.find(({ type }) => type === 'VP8L')
  if (!image || !isTransparentLossless(image.data)) return webp
  const copy = Uint8Array.from(webp)
  declareTransparency(copy)
  return copy
}
