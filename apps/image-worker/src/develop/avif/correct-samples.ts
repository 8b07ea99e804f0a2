import type { AvifCoding } from '@darkroom/image-header'
import { unpremultiply } from '../colour/unpremultiply.ts'
import { type Raster, samplesOf } from '../raster/raster.ts'

/** Whether the samples are grey, and black is 16 of 255 and white 235. libheif doesn't spread these to all levels. */
export function isNarrowGrey({ subsampling, cicp }: AvifCoding): boolean {
  return subsampling === '4:0:0' && !cicp.isFullRange
}

/**
 * Corrects in place what libheif and libvips get wrong when they unpack an AVIF: the lower bits of deep samples, which
 * are 0 even in white, grey of narrow range, and premultiplied colours. `bits` is the depth in the file.
 */
export function correctSamples(raster: Raster, coding: AvifCoding, bits: number): Raster {
  if (raster.bits === 16) fillLowerBits(raster, bits)
  if (isNarrowGrey(coding)) spreadGrey(raster)
  return coding.isPremultiplied ? unpremultiply(raster) : raster
}

/** Repeats the upper bits in the lower, so that the largest sample is the largest of 16 bits. */
function fillLowerBits(raster: Raster, bits: number): void {
  const samples = samplesOf(raster)
  for (let at = 0; at < samples.length; at++) {
    const sample = samples[at] ?? 0
    samples[at] = sample | (sample >> bits)
  }
}

/** ITU-T H.273, 8.3: black and white of n bits are 16 and 235 times 2 to the power of n - 8. */
function spreadGrey(raster: Raster): void {
  const samples = samplesOf(raster)
  const [unit, most] = raster.bits === 16 ? [256, 65_535] : [1, 255]
  for (let at = 0; at < samples.length; at++) {
    if (raster.channels === 4 && at % 4 === 3) continue
    const level = Math.round((((samples[at] ?? 0) - 16 * unit) * most) / (219 * unit))
    samples[at] = Math.min(Math.max(level, 0), most)
  }
}
