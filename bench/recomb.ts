import sharp from 'sharp'

// The same settings on all sides, so that threads and caches don't influence the figures.
sharp.concurrency(1)
sharp.cache(false)

/** The matrix that swaps red and blue. */
export const reversal = [
  [0, 0, 1],
  [0, 1, 0],
  [1, 0, 0],
] as [[0, 0, 1], [0, 1, 0], [1, 0, 0]]

export const sixMegapixels = { width: 2900, height: 2070, fit: 'cover' } as const

/** The size of a result, in bytes. */
export async function sizeOf(image: { toBuffer(): Promise<Uint8Array> }): Promise<number> {
  return (await image.toBuffer()).length
}
