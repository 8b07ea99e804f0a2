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
