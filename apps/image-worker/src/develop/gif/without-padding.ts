import { blocksUntilDamage } from './gif-blocks.ts'

/**
 * A GIF without zeros and stray bytes between its blocks, which some programs write; the file itself if it has none. GIF
 * 87a allows any bytes there, GIF 89a none. libnsgif treats them as a damaged frame.
 */
export function withoutPadding(gif: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  let kept = 0
  for (const { kind, at, end } of blocksUntilDamage(gif)) {
    if (kind !== 'padding') continue
    parts.push(gif.subarray(kept, at))
    kept = end
  }
  return kept === 0 ? gif : Buffer.concat([...parts, gif.subarray(kept)])
}
