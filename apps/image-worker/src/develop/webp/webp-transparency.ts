/** The flags of VP8X, in the first byte of its data (RFC 9649, 2.7.1). */
export const extendedFlags = { icc: 0x20, alpha: 0x10, exif: 0x08, xmp: 0x04 } as const

/** VP8X is the first chunk. */
const [typeAt, flagsAt] = [12, 20]

/**
 * Declares in an animated WebP that it has transparency. libwebp does this only if a frame has transparent pixels, not
 * if the frames leave parts of the image uncovered; programs that rely on it would then show these parts black.
 */
export function declareTransparency(webp: Uint8Array): void {
  const type = Buffer.from(webp.subarray(typeAt, typeAt + 4)).toString('latin1')
  if (type === 'VP8X') webp[flagsAt] = (webp[flagsAt] ?? 0) | extendedFlags.alpha
}

/**
 * Whether the data of a VP8L chunk declare transparency: a signature of one byte, 14 bits each of width and height, then
 * the bit (RFC 9649, 3.4).
 */
export function isTransparentLossless(data: Uint8Array): boolean {
  return ((data[4] ?? 0) & 0x10) !== 0
}
