/** From the second pixel between two addresses on: each byte less the one `pixelBytes` before it, in place. */
export function subtractLeft(start: usize, end: usize, pixelBytes: usize): void {
  const second = start + pixelBytes
  let at = end
  // From the end on, so that what is subtracted is still there.
  for (; at >= second + 16; at -= 16) {
    v128.store(at - 16, i8x16.sub(v128.load(at - 16), v128.load(at - 16 - pixelBytes)))
  }
  for (; at > second; at--) store<u8>(at - 1, load<u8>(at - 1) - load<u8>(at - 1 - pixelBytes))
}
