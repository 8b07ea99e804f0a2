import sharp, { type Metadata } from 'sharp'
import { attachMetadata } from '../metadata/attach.ts'
import { type Raster, samplesOf, withSamples } from '../raster.ts'
import { toSharp } from '../through-sharp.ts'

/** Whether the profile describes grey. It is then wrong for colours (ICC.1:2022, 7.2.8), even for equal ones. */
export function isProfileOfGrey({ icc }: Pick<Metadata, 'icc'>): boolean {
  return icc?.toString('latin1', 16, 20) === 'GRAY'
}

/**
 * Converts a grey raster of 16 bits from its profile to sRGB, in place. sharp leaves such samples as they are, so a
 * ramp of 8 bits shows what the profile does, and the levels between are interpolated. Transparency stays.
 */
export async function deepGreyToSrgb(raster: Raster, icc: Uint8Array): Promise<Raster> {
  const ramp = await rampInSrgb(icc)
  const levels = Uint16Array.from({ length: 65_536 }, (_, level) => {
    const [step, share] = [Math.trunc(level / 257), (level % 257) / 257]
    const [below = 0, above = below] = ramp.subarray(step, step + 2)
    return Math.round(257 * (below + share * (above - below)))
  })
  const samples = samplesOf(raster)
  const { channels } = raster
  for (let at = 0; at < samples.length; at++) {
    if (channels !== 4 || at % 4 !== 3) samples[at] = levels[samples[at] ?? 0] ?? 0
  }
  return withSamples(raster, samples)
}

async function rampInSrgb(icc: Uint8Array): Promise<Uint8Array> {
  const data = Uint8Array.from({ length: 256 }, (_, level) => level)
  const ramp: Raster = { data, width: 256, height: 1, channels: 1, bits: 8, isGrey: true }
  const png = await toSharp(ramp).toColourspace('b-w').png().toBuffer()
  const tagged = attachMetadata(png, 'png', { icc }, ramp)
  return sharp(tagged).toColourspace('b-w').raw().toBuffer()
}
