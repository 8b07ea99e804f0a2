import type { Size } from '../permute/rectangle.ts'
import type { DevelopLimits } from './limits.ts'
import type { Picture } from './picture.ts'
import type { Step } from './plan.ts'
import { UnusableImage } from './unusable-image.ts'

/**
 * Applies the steps in order to frames that are alike.
 *
 * @throws UnusableImage when a step would exceed a limit
 */
export async function applySteps(
  picture: Pick<Picture, 'frames'>,
  steps: readonly Step[],
  limits: DevelopLimits,
): Promise<void> {
  for (const step of steps) {
    const [first] = picture.frames
    if (first) expectAllowed(picture.frames.length * largestPixels(first, [step]).certain, first, limits)
    picture.frames = await step.apply(picture.frames)
  }
}

/** @throws UnusableImage when this many pixels of this kind exceed a limit */
export function expectAllowed(
  pixels: number,
  { channels, bits }: { channels: number; bits: number },
  { maxPixels, maxUnpackedBytes }: DevelopLimits,
): void {
  if (pixels > maxPixels) {
    const excess = `an operation enlarges the image to ${pixels} pixels; the limit is ${maxPixels}: choose a smaller size`
    throw new UnusableImage('too-many-pixels', excess)
  }
  const bytes = pixels * channels * (bits / 8)
  if (bytes > maxUnpackedBytes) {
    const excess = `the image takes ${bytes} bytes while it is developed; the limit is ${maxUnpackedBytes}: choose a smaller size`
    throw new UnusableImage('too-many-pixels', excess)
  }
}

/**
 * The most pixels of a frame before, between and after the steps: the certain number, and the possible number if a size
 * depends on the content of the image. A step may leave a strip of one pixel, which a later step enlarges to many more
 * pixels than it would make of the whole image.
 */
export function largestPixels(original: Size, steps: readonly Step[]): { certain: number; possible: number } {
  let certain = original.width * original.height
  let possible = certain
  let sizes = [original]
  let isKnown = true
  for (const step of steps) {
    const after = sizes.map(step.sizeAfter)
    const areas = [...after, ...sizes.map(step.sizeWithin)].map(({ width, height }) => width * height)
    possible = Math.max(possible, ...areas)
    if (isKnown) certain = possible
    if (step.isSizeOpen) isKnown = false
    sizes = step.isSizeOpen ? extremesUpTo(after) : after
  }
  return { certain, possible }
}

/** The sizes, up to the given size, that enlarging can make largest: the whole, and the thinnest strips. */
function extremesUpTo(sizes: readonly Size[]): Size[] {
  const width = Math.max(...sizes.map(size => size.width))
  const height = Math.max(...sizes.map(size => size.height))
  return [
    { width, height },
    { width, height: 1 },
    { width: 1, height },
  ]
}
