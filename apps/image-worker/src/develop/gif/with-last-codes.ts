import { blocksUntilDamage } from './gif-blocks.ts'

/** A sub-block: its length and one byte. */
const spare = Uint8Array.of(1, 0)

/**
 * A GIF with one more byte after the pixels of each frame. Some encoders forget the end code. If the last code then ends
 * together with the last byte, libnsgif reads one more byte, and leaves out the pixels of this code if there is none.
 */
export function withLastCodes(gif: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let kept = 0
  for (const { kind, end } of blocksUntilDamage(gif)) {
    if (kind !== 'pixels') continue
    // Before the sub-block of length 0 that ends the pixels.
    parts.push(gif.subarray(kept, end - 1), spare)
    kept = end - 1
  }
  return Buffer.concat([...parts, gif.subarray(kept)])
}
