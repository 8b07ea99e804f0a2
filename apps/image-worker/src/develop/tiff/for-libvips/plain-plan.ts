import { isDeepCmykWithAlpha } from '../deep-cmyk.ts'
import { numbersOfTag, pageTags, photometrics, sampleFormats, type TiffPage } from '../tiff-page.ts'
import { hasReadablePlanes } from './readable-planes.ts'
import { hasReadableTiles } from './readable-tiles.ts'
import { type Segments, segmentsOfPage } from './segments.ts'
import { isUnwritten } from './unwritten-segments.ts'
import { type WideKind, wideKindOf } from './wide-samples.ts'

/** How the samples of a page become samples that libvips reads. */
export interface PlainPlan {
  readonly page: TiffPage
  readonly segments: Segments
  /** The samples of a pixel that are kept, in order. */
  readonly kept: readonly number[]
  /** The meaning of the last kept sample, if it is transparency: 1 if colours are multiplied by it, otherwise 2. */
  readonly transparency: number | undefined
  readonly bits: 8 | 16
  readonly wideKind: WideKind | undefined
}

/** Whether libvips can't read the samples of a page. */
export function isUnreadable(page: TiffPage): boolean {
  const { bitsPerSample: bits, samplesPerPixel: samples, photometric } = page
  const isPacked = samples === 1 && [1, 2, 4].includes(bits)
  const most = (colourSamples[photometric] ?? samples) + 1
  const isWide = wideKindOf(page) !== undefined
  const isOdd = (bits % 8 !== 0 && !isPacked) || isWide || samples > most || isDeepCmykWithAlpha(page)
  const isLaidOutOddly = !hasReadablePlanes(page) || !hasReadableTiles(page)
  return isOdd || isLaidOutOddly || page.segments.some(isUnwritten)
}

/** The number of samples for a pixel's colour. */
const colourSamples: Readonly<Record<number, number>> = {
  [photometrics.whiteIsZero]: 1,
  [photometrics.blackIsZero]: 1,
  [photometrics.rgb]: 3,
  [photometrics.palette]: 1,
  [photometrics.separated]: 4,
  [photometrics.yCbCr]: 3,
  [photometrics.cieLab]: 3,
  [photometrics.iccLab]: 3,
}

/** Colours whose samples are plain levels without a sign, so that they can be spread to more bits. */
const levels: readonly number[] = [
  photometrics.whiteIsZero,
  photometrics.blackIsZero,
  photometrics.rgb,
  photometrics.palette,
  photometrics.separated,
]

const cmyk = 1

/** Undefined if the page can't be unpacked. */
export function plainPlanOf(page: TiffPage, isLittleEndian: boolean): PlainPlan | undefined {
  const { bitsPerSample, samplesPerPixel, photometric } = page
  const colours = colourSamples[photometric]
  const segments = segmentsOfPage(page, isLittleEndian)
  const isLevel = levels.includes(photometric) || bitsPerSample === 8 || bitsPerSample === 16
  const hasLargePalette = photometric === photometrics.palette && bitsPerSample > 8
  const isAlike = numbersOfTag(page, pageTags.bitsPerSample).every(bits => bits === bitsPerSample)
  const wideKind = wideKindOf(page)
  const formats = numbersOfTag(page, pageTags.sampleFormat)
  const isUnsigned = wideKind !== undefined || formats.every(format => format === sampleFormats.unsigned)
  const isSubsampled =
    photometric === photometrics.yCbCr && numbersOfTag(page, pageTags.chromaSubsampling).join() !== '1,1'
  const hasOtherInks =
    photometric === photometrics.separated && (numbersOfTag(page, pageTags.inkSet)[0] ?? cmyk) !== cmyk
  if (!colours || !segments || samplesPerPixel < colours) return undefined
  if (bitsPerSample > 16 && !wideKind) return undefined
  if (!isLevel || !isAlike || !isUnsigned || isSubsampled || hasOtherInks || hasLargePalette) return undefined
  const extra = transparencyOf(page, colours)
  return {
    page,
    segments,
    kept: [...Array(colours).keys(), ...(extra ? [colours + extra.index] : [])],
    transparency: extra?.meaning,
    bits: bitsPerSample > 8 ? 16 : 8,
    wideKind,
  }
}

/**
 * The first extra sample that is transparency. Old files don't declare it: there, a single extra sample is
 * transparency.
 */
function transparencyOf(page: TiffPage, colours: number): { index: number; meaning: number } | undefined {
  const meanings = numbersOfTag(page, pageTags.extraSamples)
  const extras = page.samplesPerPixel - colours
  if (meanings.length === 0) return extras === 1 ? { index: 0, meaning: 2 } : undefined
  const index = meanings.slice(0, extras).findIndex(meaning => meaning === 1 || meaning === 2)
  return index < 0 ? undefined : { index, meaning: meanings[index] ?? 0 }
}
