/**
 * A WebP whose RIFF header has the size of the file; the same file if this is already so. Some programs count the 8 bytes
 * before the size too, or leave out the padding after a last chunk of odd size. Browsers ignore this; libwebp doesn't.
 */
export function withRiffSize(webp: Uint8Array): Uint8Array {
  const declared = sizeIn(webp) + headBytes
  if (declared <= webp.length && declared % 2 === 0) return webp
  const end = Math.min(declared, webp.length)
  const whole = Buffer.concat([webp.subarray(0, end), Buffer.alloc(end % 2)])
  whole.writeUInt32LE(whole.length - headBytes, 4)
  return whole
}

/** RFC 9649, 2.4: the name RIFF, and the number of the bytes that follow. */
const headBytes = 8

function sizeIn({ buffer, byteOffset }: Uint8Array): number {
  return new DataView(buffer, byteOffset).getUint32(4, true)
}
