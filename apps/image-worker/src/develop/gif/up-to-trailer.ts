import { blocksUntilDamage } from './gif-blocks.ts'

/**
 * A GIF without the bytes after its trailer, which don't belong to it (GIF 89a, section 27). libnsgif looks for the
 * trailer only where a frame could begin: after an extension, such as XMP, it treats the trailer and the bytes after it
 * as a damaged frame. A file whose blocks don't lead to a trailer stays unchanged.
 */
export function upToTrailer(gif: Uint8Array): Uint8Array {
  for (const { kind, end } of blocksUntilDamage(gif)) if (kind === 'trailer') return gif.subarray(0, end)
  return gif
}
