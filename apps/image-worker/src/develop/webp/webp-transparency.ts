/** RFC 9649, 2.7.1: VP8X is the first chunk, and its flags are the first byte of its data. */
const [typeAt, flagsAt, alphaFlag] = [12, 20, 0x10]

/**
 * Declares in an animated WebP that it has transparency. libwebp does this only if a frame has transparent pixels, not
 * if the frames leave parts of the image uncovered; programs that rely on it would then show these parts black.
 */
export function declareTransparency(webp: Uint8Array): void {
  const type = Buffer.from(webp.subarray(typeAt, typeAt + 4)).toString('latin1')
  if (type === 'VP8X') webp[flagsAt] = (webp[flagsAt] ?? 0) | alphaFlag
}
