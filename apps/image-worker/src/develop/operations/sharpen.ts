import type { OperationNamed } from '@darkroom/contracts'
import { hasUnusedAlpha, type Raster, samplesOf, withSamples } from '../raster/raster.ts'
import { spreadColours } from '../raster/spread-colours.ts'
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
  spreadColours(samples, frame.width, 4)
  for (let at = 3; at < samples.length; at += 4) samples[at] = 2 ** frame.bits - 1
  const sharpened = await apply(withSamples(frame, samples), operation)
  const result = samplesOf(sharpened)
  for (const [pixel, opacity] of opacities.entries()) {
    if (opacity === 0) result.fill(0, 4 * pixel, 4 * pixel + 3)
    result[4 * pixel + 3] = opacity
  }
  return withSamples(sharpened, result)
}
