import sharp from 'sharp'
import { attachMetadata } from '../metadata/attach.ts'
import { type Raster, samplesOf, withSamples } from '../raster/raster.ts'
import { toSharp } from '../raster/through-sharp.ts'

/**
 * Converts grey from its profile to sRGB, in place; its colours, if it has three, are equal. sharp leaves grey of 16 bits
 * as it is, and colours with a grey profile, so a ramp of 8 bits shows what the profile does; deeper levels are
 * interpolated. Transparency stays.
 */
export async function greyToSrgb(raster: Raster, icc: Uint8Array): Promise<Raster> {
  const ramp = await rampInSrgb(icc)
  const levels = raster.bits === 8 ? ramp : deepLevels(ramp)
  const samples = samplesOf(raster)
  const { channels } = raster
  for (let at = 0; at < samples.length; at++) {
    if (channels !== 4 || at % 4 !== 3) samples[at] = levels[samples[at] ?? 0] ?? 0
  }
  return withSamples(raster, samples)
}

/** Interpolates 256 levels of 8 bits to all levels of 16 bits. */
function deepLevels(ramp: Uint8Array): Uint16Array {
  return Uint16Array.from({ length: 65_536 }, (_, level) => {
    const [step, share] = [Math.trunc(level / 257), (level % 257) / 257]
    const [below = 0, above = below] = ramp.subarray(step, step + 2)
    return Math.round(257 * (below + share * (above - below)))
  })
}

async function rampInSrgb(icc: Uint8Array): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: 256 }, (_, level) => level)
  const ramp: Raster = { data, width: 256, height: 1, channels: 1, bits: 8, isGrey: true }
  const png = await toSharp(ramp).toColourspace('b-w').png().toBuffer()
  const tagged = attachMetadata(png, 'png', { icc }, ramp)
  return sharp(tagged).toColourspace('b-w').raw().toBuffer()
}
