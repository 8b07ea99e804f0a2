import type { DevelopLimits } from './limits.ts'
import type { Size } from './operations/operation-kind.ts'
import type { Step } from './plan.ts'
import type { Picture } from './raster.ts'
import { UnusableImage } from './unusable-image.ts'

/**
 * Does the steps, one after the other, on frames that are alike.
 *
 * @throws UnusableImage when a step would make more of them than a limit allows
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

/** @throws UnusableImage when so many pixels of a kind are more than a limit allows */
export function expectAllowed(
  pixels: number,
  { channels, bits }: { channels: number; bits: number },
  { maxPixels, maxUnpackedBytes }: DevelopLimits,
): void {
  const bytes = pixels * channels * (bits / 8)
  const excess =
    pixels > maxPixels
      ? `an operation makes ${pixels} pixels of the image; at most ${maxPixels} are taken`
      : `the image takes ${bytes} bytes while it is developed; at most ${maxUnpackedBytes} are taken`
  if (pixels > maxPixels || bytes > maxUnpackedBytes) throw new UnusableImage('too-many-pixels', excess)
}

/**
 * The most pixels that a frame has on its way through the steps, itself included: those that it certainly has, and those
 * that it may have where the size depends on what the image shows. A strip of one pixel may be left of the whole image,
 * and be enlarged to many more pixels.
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

/** Of all sizes up to those given, the ones that enlarging makes most of: the whole, and the thinnest strips. */
function extremesUpTo(sizes: readonly Size[]): Size[] {
  const width = Math.max(...sizes.map(size => size.width))
  const height = Math.max(...sizes.map(size => size.height))
  return [
    { width, height },
    { width, height: 1 },
    { width: 1, height },
  ]
}
