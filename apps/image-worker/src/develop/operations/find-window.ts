import type { Strategy } from '@darkroom/contracts'
import type { Rectangle, Size } from '../../permute/rectangle.ts'
import { inBytes, type Raster } from '../raster/raster.ts'
import { toSharp } from '../raster/through-sharp.ts'

/**
 * The part of the given size that shows the most important content. It is the same for all frames: its position is the
 * median over the frames, so that an empty frame, as the first often is, doesn't decide.
 */
export async function findWindow(
  frames: readonly Raster[],
  wanted: Size,
  strategy: Strategy,
): Promise<Rectangle> {
  const [first] = frames as [Raster]
  const size = { width: Math.min(wanted.width, first.width), height: Math.min(wanted.height, first.height) }
  const windows: { left: number; top: number }[] = []
  for (const frame of frames) windows.push(await windowOf(frame, size, strategy))
  return {
    left: median(windows.map(({ left }) => left)),
    top: median(windows.map(({ top }) => top)),
    ...size,
  }
}

/**
 * Lets sharp find the window: a resizing to cover that doesn't scale. The lower halves of deep samples are left out:
 * they are invisible, and sharp would take seconds for them.
 */
async function windowOf(frame: Raster, { width, height }: Size, strategy: Strategy) {
  const { info } = await toSharp(inBytes(frame))
    .resize({
      width,
      height,
      fit: 'cover',
      position: strategy,
      withoutEnlargement: true,
      withoutReduction: true,
    })
    .raw()
    .toBuffer({ resolveWithObject: true })
  // sharp's offsets go from the window to the image.
  return { left: -(info.cropOffsetLeft ?? 0), top: -(info.cropOffsetTop ?? 0) }
}

/** For an even count, the lower of the two middle values. */
function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0
}
