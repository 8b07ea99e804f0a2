import type { OperationNamed } from '@darkroom/contracts'
import { hasUnusedAlpha, type Raster, type Samples, samplesOf, withSamples } from '../raster.ts'
import { type Effect, onColours, throughEffect } from './operation-kind.ts'

const effect: Effect<'sharpen'> = { place: 'sharpen', write: (image, { sigma }) => image.sharpen({ sigma }) }
const apply = throughEffect(effect)

export const sharpen = onColours<'sharpen'>(
  (frame, operation) =>
    frame.channels === 4 && !hasUnusedAlpha(frame)
      ? sharpenVisible(frame, operation)
      : apply(frame, operation),
  effect,
)

/**
 * sharp takes transparent for black, so that edges of visible areas would get other colours. So all pixels are opaque while
 * sharp works, and invisible pixels have the colour of the nearest visible pixel. Works in place.
 */
async function sharpenVisible(frame: Raster, operation: OperationNamed<'sharpen'>): Promise<Raster> {
  const samples = samplesOf(frame)
  const opacities = samples.slice(0, samples.length / 4)
  for (let pixel = 0; pixel < opacities.length; pixel++) opacities[pixel] = samples[4 * pixel + 3] as number
  spreadColours(samples, opacities, frame.width)
  for (let at = 3; at < samples.length; at += 4) samples[at] = 2 ** frame.bits - 1
  const sharpened = await apply(withSamples(frame, samples), operation)
  const result = samplesOf(sharpened)
  for (const [pixel, opacity] of opacities.entries()) {
    if (opacity === 0) result.fill(0, 4 * pixel, 4 * pixel + 3)
    result[4 * pixel + 3] = opacity
  }
  return withSamples(sharpened, result)
}

/** Gives invisible pixels the colour of the nearest visible pixel, counted in steps across and down. */
function spreadColours(samples: Samples, opacities: Samples, width: number): void {
  const distances = Uint16Array.from(opacities, opacity => (opacity > 0 ? 0 : 0xffff))
  const takeIfNearer = (pixel: number, neighbour: number) => {
    const distance = (distances[neighbour] as number) + 1
    if (distance >= (distances[pixel] as number)) return
    distances[pixel] = distance
    samples.copyWithin(4 * pixel, 4 * neighbour, 4 * neighbour + 3)
  }
  for (let pixel = 1; pixel < distances.length; pixel++) {
    if (pixel % width > 0) takeIfNearer(pixel, pixel - 1)
    if (pixel >= width) takeIfNearer(pixel, pixel - width)
  }
  for (let pixel = distances.length - 2; pixel >= 0; pixel--) {
    if ((pixel + 1) % width > 0) takeIfNearer(pixel, pixel + 1)
    if (pixel + width < distances.length) takeIfNearer(pixel, pixel + width)
  }
}
