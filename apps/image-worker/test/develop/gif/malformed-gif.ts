/** A GIF with a block that its decoder ignores: its pixels are decoded to be permuted. */
export function malformed(gif: Buffer): Buffer {
  const unknownExtension = Buffer.of(0x21, 0x42, 1, 0, 0)
  return Buffer.concat([gif.subarray(0, -1), unknownExtension, Buffer.of(0x3b)])
}

/** A palette of 256 colours. */
export function distinctColours(seed: number): Uint8Array {
  return Uint8Array.from(
    { length: 3 * 256 },
    (_, at) => [at / 3, (at * 7) / 3 + seed, 40 * seed][at % 3] ?? 0,
  )
}
