import { blocksUntilDamage, mostShort, restoresPrevious } from './gif-blocks.ts'

/**
 * A GIF with one more frame before all others: a transparent pixel in the last corner of the screen. Undefined if the
 * first frame covers the screen and is not removed.
 *
 * Browsers show the screen as transparent where no frame covers it. libvips makes it black if no frame has a transparent
 * colour, and libnsgif replaces some sizes of the screen (640x480, above 2048) by the size of the first frame.
 */
export function withScreen(gif: Uint8Array, frames: number): Uint8Array | undefined {
  const bytes = Buffer.from(gif.buffer, gif.byteOffset, gif.byteLength)
  const numbersAt = (at: number) => [bytes.readUInt16LE(at), bytes.readUInt16LE(at + 2)] as const
  let [framesAt, disposal] = [0, 0]
  for (const { kind, at, end } of blocksUntilDamage(gif)) {
    if (kind === 'screen' || kind === 'table') framesAt = end
    if (kind === 'control') disposal = ((bytes[at + 3] ?? 0) >> 2) & 7
    if (kind !== 'image') continue
    const [[width, height], [left, top], [ownWidth, ownHeight]] = [
      numbersAt(6),
      numbersAt(at + 1),
      numbersAt(at + 5),
    ]
    const [right, bottom] = [Math.max(width, left + ownWidth), Math.max(height, top + ownHeight)]
    const isCovered = left === 0 && top === 0 && right === ownWidth && bottom === ownHeight
    const isRemoved = restoresPrevious(disposal) && frames > 1
    if ((isCovered && !isRemoved) || right > mostShort || bottom > mostShort) return undefined
    return Buffer.concat([gif.subarray(0, framesAt), corner(right, bottom), gif.subarray(framesAt)])
  }
  return undefined
}

/** Sections 23 and 20: a frame of one pixel of colour 0, which is transparent, with its own table of two colours. */
function corner(width: number, height: number): Buffer {
  const control = Buffer.of(0x21, 0xf9, 4, 0b101, 0, 0, 0, 0)
  const head = Buffer.of(0x2c, 0, 0, 0, 0, 1, 0, 1, 0, 0x80)
  head.writeUInt16LE(width - 1, 1)
  head.writeUInt16LE(height - 1, 3)
  // A code size of 2; then the codes 4 (clear), 0 and 5 (end), of three bits each.
  return Buffer.concat([control, head, Buffer.alloc(6), Buffer.of(2, 2, 0x44, 0x01, 0)])
}
