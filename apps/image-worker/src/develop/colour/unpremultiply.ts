import { type Raster, samplesOf, withSamples } from '../raster/raster.ts'

/** Divides the colours of a raster by its transparency, in place. Fully transparent pixels become black. */
export function unpremultiply(raster: Raster): Raster {
  if (raster.channels !== 4) return raster
  const samples = samplesOf(raster)
  const most = raster.bits === 16 ? 65_535 : 255
  for (let at = 0; at < samples.length; at += 4) {
    const alpha = samples[at + 3] ?? 0
    for (let channel = at; channel < at + 3; channel++) {
      const level = alpha === 0 ? 0 : Math.round(((samples[channel] ?? 0) * most) / alpha)
      samples[channel] = Math.min(level, most)
    }
  }
  return withSamples(raster, samples)
}
