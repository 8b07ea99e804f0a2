import { type Raster, type Samples, samplesOf, withSamples } from '../raster/raster.ts'
import type { ColourSignal } from './colour-signal.ts'
import { type ColourSpace, hasSrgbPrimaries } from './colour-space.ts'
import { isHdr, lightOf } from './curve.ts'
import { toLinearSrgb } from './matrix.ts'
import { encodeSrgb } from './srgb.ts'
import { brightest, paperWhite, toneCurve } from './tone-curve.ts'

/** The peak of HDR images that don't declare a peak, in cd/m2: the value that most of them are made for. */
const usualPeak = 1000

/**
 * Converts a raster to sRGB, in place. A colour that sRGB can't show becomes the nearest colour that it can, channel by
 * channel, and HDR is compressed to the brightness of paper. Transparency stays.
 */
export function toSrgb(raster: Raster, { space, light }: ColourSignal): Raster {
  const samples = samplesOf(raster)
  const most = raster.bits === 16 ? 65_535 : 255
  const lights = Float64Array.from({ length: most + 1 }, (_, level) =>
    lightOf(space.curve, fullRange(level / most, space)),
  )
  if (isHdr(space.curve)) convertHdr(samples, raster, lights, space, light?.peak ?? usualPeak)
  else if (raster.channels === 1 || raster.isGrey || hasSrgbPrimaries(space.primaries))
    convertLevels(samples, raster, lights)
  else convertColours(samples, raster, lights, space)
  return withSamples(raster, samples)
}

function fullRange(sample: number, { isNarrowRange }: ColourSpace): number {
  return isNarrowRange ? Math.min(Math.max((sample * 255 - 16) / 219, 0), 1) : sample
}

function convertLevels(samples: Samples, { channels }: Raster, lights: Float64Array): void {
  const most = lights.length - 1
  const levels = Uint16Array.from(lights, light => Math.round(encodeSrgb(light) * most))
  for (let at = 0; at < samples.length; at++) {
    if (channels !== 4 || at % 4 !== 3) samples[at] = levels[samples[at] ?? 0] ?? 0
  }
}

function convertColours(
  samples: Samples,
  { channels }: Raster,
  lights: Float64Array,
  { primaries }: ColourSpace,
): void {
  const write = writer(samples, toLinearSrgb(primaries), lights.length - 1)
  for (let at = 0; at < samples.length; at += channels) {
    write(
      at,
      lights[samples[at] ?? 0] ?? 0,
      lights[samples[at + 1] ?? 0] ?? 0,
      lights[samples[at + 2] ?? 0] ?? 0,
    )
  }
}

function convertHdr(
  samples: Samples,
  { channels }: Raster,
  lights: Float64Array,
  space: ColourSpace,
  peak: number,
): void {
  const isGrey = channels === 1
  const scales = toneScales(peak)
  const write = writer(samples, toLinearSrgb(space.primaries), lights.length - 1, isGrey)
  for (let at = 0; at < samples.length; at += channels) {
    const red = lights[samples[at] ?? 0] ?? 0
    const green = isGrey ? red : (lights[samples[at + 1] ?? 0] ?? 0)
    const blue = isGrey ? red : (lights[samples[at + 2] ?? 0] ?? 0)
    const shown = space.curve.kind === 'hlg' ? displayed(red, green, blue) : 1
    const largest = shown * Math.max(red, green, blue)
    const index = indexOf(largest)
    const [step, share] = [Math.trunc(index), index % 1]
    const scale = shown * ((scales[step] ?? 0) * (1 - share) + (scales[step + 1] ?? 0) * share)
    write(at, scale * red, scale * green, scale * blue)
  }
}

/** ITU-R BT.2100, table 5: the factor from the light of a scene to the light of a display of 1000 cd/m2. */
function displayed(red: number, green: number, blue: number): number {
  const luminance = 0.2627 * red + 0.678 * green + 0.0593 * blue
  return (1000 / brightest) * luminance ** 0.2
}

const toneSteps = 16_384

/** The factors that scale light so that paper white is 1, by the largest of the three colours, which keeps the hue. */
function toneScales(peak: number): Float64Array {
  const curve = toneCurve(peak)
  return Float64Array.from({ length: toneSteps + 1 }, (_, step) => {
    const light = Math.max((step / toneSteps) ** 4, 1e-12)
    return (curve(light) / light) * (brightest / paperWhite)
  })
}

/** The fourth root spaces light about as the eye does. */
function indexOf(light: number): number {
  return toneSteps * Math.sqrt(Math.sqrt(light))
}

const encodedSteps = 65_535

/** Writes the three samples of a colour pixel, or the one sample of a grey pixel, from its light. */
function writer(samples: Samples, matrix: ReturnType<typeof toLinearSrgb>, most: number, isGrey = false) {
  const [[a, b, c], [d, e, f], [g, h, i]] = matrix
  const encoded = Uint16Array.from({ length: encodedSteps + 1 }, (_, step) =>
    Math.round(encodeSrgb((step / encodedSteps) ** 2) * most),
  )
  const sampleOf = (light: number) =>
    encoded[Math.round(encodedSteps * Math.sqrt(Math.min(Math.max(light, 0), 1)))] ?? 0
  return (at: number, red: number, green: number, blue: number) => {
    if (isGrey) {
      samples[at] = sampleOf(red)
      return
    }
    samples[at] = sampleOf(a * red + b * green + c * blue)
    samples[at + 1] = sampleOf(d * red + e * green + f * blue)
    samples[at + 2] = sampleOf(g * red + h * green + i * blue)
  }
}
