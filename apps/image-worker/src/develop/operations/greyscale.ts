import { type Raster, samplesOf, withSamples } from '../raster/raster.ts'
import { colourspaceOf, depthOf, toSharp } from '../raster/through-sharp.ts'
import { onColours } from './operation-kind.ts'

export const greyscale = onColours<'greyscale'>(toGrey, {
  place: 'greyscale',
  write: image => image.toColourspace('b-w'),
})

/** Transparency stays. */
export async function toGrey(frame: Raster): Promise<Raster> {
  if (frame.isGrey) return frame
  const { bits, width, height } = frame
  const data = await toSharp(frame)
    .removeAlpha()
    .toColourspace(colourspaceOf({ bits, isGrey: true }))
    .raw({ depth: depthOf(frame) })
    .toBuffer()
  const grey: Raster = { data, width, height, channels: 1, bits, isGrey: true }
  return frame.channels === 4 ? greyWithAlpha(frame, grey) : grey
}

/** Grey with transparency has four channels; the first three are equal. */
function greyWithAlpha(original: Raster, grey: Raster): Raster {
  const samples = samplesOf(original).slice()
  const lightness = samplesOf(grey)
  for (let pixel = 0; pixel < lightness.length; pixel++) {
    samples.fill(lightness[pixel] ?? 0, 4 * pixel, 4 * pixel + 3)
  }
  return { ...withSamples(grey, samples), channels: 4 }
}
