/**
 * Unpacks PackBits (TIFF 6.0, section 9) until the input ends or `unpacked` is full. Returns the number of bytes that
 * were unpacked.
 */
export function unpackPackBits(packed: Uint8Array, unpacked: Uint8Array): number {
  let end = 0
  for (let at = 0; at < packed.length && end < unpacked.length; ) {
    const count = packed[at++] ?? 0
    if (count < 128) {
      const bytes = packed.subarray(at, at + Math.min(count + 1, unpacked.length - end))
      unpacked.set(bytes, end)
      end += bytes.length
      at += count + 1
    } else if (count > 128) {
      const next = Math.min(end + 257 - count, unpacked.length)
      unpacked.fill(packed[at++] ?? 0, end, next)
      end = next
    }
  }
  return end
}
