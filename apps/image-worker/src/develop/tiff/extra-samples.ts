import { type Raster, samplesOf } from '../raster.ts'
import { numbersOfTag, pageTags, photometrics, type TiffPage } from './tiff-page.ts'

/** The number of samples for a pixel's colour, unpacked. */
const colourSamples: Readonly<Record<number, number>> = {
  [photometrics.whiteIsZero]: 1,
  [photometrics.blackIsZero]: 1,
  [photometrics.palette]: 1,
  [photometrics.mask]: 1,
  [photometrics.separated]: 4,
}

/**
 * Whether a page's first sample beyond its colours is transparency: ExtraSamples declares it (TIFF 6.0, section 18), or
 * is missing, as in old files.
 */
export function isTransparent(page: TiffPage): boolean {
  if (page.samplesPerPixel <= (colourSamples[page.photometric] ?? 3)) return false
  const [meaning] = numbersOfTag(page, pageTags.extraSamples)
  return meaning !== 0
}

/** The raster without its fourth channel, which the decoder mistakes for transparency. */
export function withoutFourthChannel(raster: Raster): Raster {
  const channels = raster.isGrey ? 1 : 3
  const samples = samplesOf(raster)
  const pixels = samples.length / 4
  const kept = raster.bits === 16 ? new Uint16Array(pixels * channels) : new Uint8Array(pixels * channels)
  for (let from = 0, to = 0; from < samples.length; from += 4) {
    for (let channel = 0; channel < channels; channel++) kept[to++] = samples[from + channel] ?? 0
  }
  return { ...raster, data: new Uint8Array(kept.buffer), channels }
}
