/**
 * Subtracts from each byte between two addresses, from the second pixel on, the byte `pixelBytes` before it, in place.
 */
export function subtractLeft(start: usize, end: usize, pixelBytes: usize): void {
  const second = start + pixelBytes
  let at = end
  // Backwards, so that the subtracted bytes are still unchanged.
  for (; at >= second + 16; at -= 16) {
    v128.store(at - 16, i8x16.sub(v128.load(at - 16), v128.load(at - 16 - pixelBytes)))
  }
  for (; at > second; at--) store<u8>(at - 1, load<u8>(at - 1) - load<u8>(at - 1 - pixelBytes))
}
