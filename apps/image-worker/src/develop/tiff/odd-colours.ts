import { encodeSrgb } from '../colour/srgb.ts'
import type { Raster } from '../raster/raster.ts'
import { overwriteNumbers } from './edit-tiff.ts'
import {
  compressions,
  entryOf,
  numbersOfTag,
  pageTags,
  photometrics,
  type TiffPage,
  tiffPages,
} from './tiff-page.ts'

/** Replaces the samples of a pixel by its colours, of eight bits each. */
type Convert = (samples: Uint8Array, at: number) => void

/**
 * The conversion to sRGB for a page whose colours libvips gets wrong; undefined for all other pages. libvips refuses
 * CIELAB of eight bits, and mistakes ICCLAB, and YCbCr that is neither JPEG nor subsampled, for RGB.
 */
function conversionOf(page: TiffPage): Convert | undefined {
  if (page.bitsPerSample !== 8) return undefined
  if (page.photometric === photometrics.cieLab) return fromLab(byte => (byte << 24) >> 24)
  if (page.photometric === photometrics.iccLab) return fromLab(byte => byte - 128)
  const isOwn = page.compression === compressions.jpeg || page.compression === compressions.oldJpeg
  if (page.photometric !== photometrics.yCbCr || isOwn) return undefined
  const isWhole = numbersOfTag(page, pageTags.chromaSubsampling).join() === '1,1'
  return isWhole ? fromYCbCr(page) : undefined
}

/** Whether a page needs `declareAsRgb` and `convertColours`. */
export function hasOddColours(page: TiffPage): boolean {
  return conversionOf(page) !== undefined
}

/** Makes a file of one page declare its samples as red, green and blue, in place, so that libvips doesn't convert them. */
export function declareAsRgb(file: Buffer): void {
  const [page] = tiffPages(file)
  const photometric = page && entryOf(page, pageTags.photometric)
  if (photometric) overwriteNumbers(file, photometric, [photometrics.rgb])
}

/** Converts the samples in place. */
export function convertColours(raster: Raster, page: TiffPage): Raster {
  const convert = conversionOf(page)
  const { data, channels } = raster
  for (let at = 0; convert && at < data.length; at += channels) convert(data, at)
  return raster
}

/** TIFF 6.0, section 23. The reference white of L* becomes white, as in libvips' own conversion. */
function fromLab(signed: (byte: number) => number): Convert {
  const cubed = (t: number) => (t > 6 / 29 ? t ** 3 : 3 * (6 / 29) ** 2 * (t - 4 / 29))
  return (samples, at) => {
    const lightness = ((samples[at] ?? 0) * 100) / 255
    const y = (lightness + 16) / 116
    const [a, b] = [signed(samples[at + 1] ?? 0), signed(samples[at + 2] ?? 0)]
    // The white is D65, as in sRGB (IEC 61966-2-1).
    const [X, Y, Z] = [0.9505 * cubed(y + a / 500), cubed(y), 1.089 * cubed(y - b / 200)]
    samples[at] = companded(3.2406 * X - 1.5372 * Y - 0.4986 * Z)
    samples[at + 1] = companded(-0.9689 * X + 1.8758 * Y + 0.0415 * Z)
    samples[at + 2] = companded(0.0557 * X - 0.204 * Y + 1.057 * Z)
  }
}

/** The sample of sRGB for a linear value, in steps that are everywhere finer than eight bits. */
function companded(linear: number): number {
  return curve[Math.min(Math.max(Math.round(linear * curveSteps), 0), curveSteps)] ?? 0
}

const curveSteps = 2 ** 14
const curve = Uint8Array.from({ length: curveSteps + 1 }, (_, step) =>
  Math.round(255 * encodeSrgb(step / curveSteps)),
)

/** TIFF 6.0, section 21: the weights of the colours, and the values of black and white. */
function fromYCbCr(page: TiffPage): Convert {
  const [red = 0.299, green = 0.587, blue = 0.114] = fractionsOfTag(page, pageTags.coefficients)
  const [black = 0, white = 255, cbBlack = 128, cbWhite = 255, crBlack = 128, crWhite = 255] = fractionsOfTag(
    page,
    pageTags.referenceBlackWhite,
  )
  const scaled = (sample: number, from: number, to: number, range: number) =>
    ((sample - from) * range) / (to - from || 1)
  const rounded = (value: number) => Math.min(Math.max(Math.round(value), 0), 255)
  return (samples, at) => {
    const luma = scaled(samples[at] ?? 0, black, white, 255)
    const chromaBlue = scaled(samples[at + 1] ?? 0, cbBlack, cbWhite, 127)
    const chromaRed = scaled(samples[at + 2] ?? 0, crBlack, crWhite, 127)
    const r = luma + chromaRed * (2 - 2 * red)
    const b = luma + chromaBlue * (2 - 2 * blue)
    samples[at] = rounded(r)
    samples[at + 1] = rounded((luma - blue * b - red * r) / green)
    samples[at + 2] = rounded(b)
  }
}

/** The values of a tag of the type RATIONAL; empty if the page doesn't have it. */
function fractionsOfTag({ directory }: TiffPage, wanted: number): number[] {
  const entry = directory.entries.find(({ tag, type }) => tag === wanted && type === 5)
  const value = Buffer.from(entry?.value ?? [])
  return Array.from({ length: value.length / 8 }, (_, index) => {
    return value.readUInt32LE(8 * index) / (value.readUInt32LE(8 * index + 4) || 1)
  })
}
