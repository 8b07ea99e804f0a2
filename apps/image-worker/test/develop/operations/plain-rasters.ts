import type { Inspected } from '../inspect.ts'

/** The expected picture, made pixel by pixel: `pixelAt` returns red, green, blue and alpha. */
export function pictureOf(
  like: Inspected,
  { width, height }: { width: number; height: number },
  pixelAt: (x: number, y: number, frame: number) => readonly number[],
): Inspected {
  const { frames, isDeep } = like
  const all: number[] = []
  for (let frame = 0; frame < frames; frame++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) all.push(...pixelAt(x, y, frame))
    }
  }
  return { ...like, width, height, samples: isDeep ? Uint16Array.from(all) : Uint8Array.from(all) }
}

/** Red, green, blue and alpha of a pixel; undefined outside the picture. */
export function pixelOf(
  { width, height, samples }: Inspected,
  x: number,
  y: number,
  frame = 0,
): number[] | undefined {
  if (x < 0 || y < 0 || x >= width || y >= height) return undefined
  const at = ((frame * height + y) * width + x) * 4
  return [...samples.subarray(at, at + 4)]
}
