import type { OutputFormat } from '@darkroom/contracts'
import type { Sharp } from 'sharp'
import type { Original } from '../original.ts'
import type { Output } from '../output.ts'

/** A result that only permutes a lossy original grows by at most a tenth, if a few attempts can achieve this. */
export const maxGrowth = 1.1

/** The settings for writing a result. Each format uses the settings that it supports. */
export interface EncodeSettings {
  quality: number
  lossless: boolean
  progressive: boolean
  /** Whether the encoder computes Huffman tables for a baseline JPEG. */
  optimiseCoding: boolean
  /** Whether the rows of a PNG are filtered: gentle colours become smaller, drawings larger, and it takes longer. */
  filtersRows: boolean
  chromaSubsampling: '4:4:4' | '4:2:0'
  quantisationTable: 0 | 3
  compression: TiffCompression
  bitdepth: 8 | 10 | 12
  /** How much time the encoder may take to choose the colours of a GIF, 1 to 7. */
  paletteEffort: number
  delay: number[]
  /** Whether delays of up to 10 ms stay. GIFs have them, too, but only programs for GIFs show such frames for longer. */
  keepsShortDelays: boolean
  loop: number
}

/**
 * The lossless compression of an original is not read, because it doesn't matter: results use deflate. `jpeg` stores luma
 * and chroma, `rgb jpeg` red, green and blue, as the original did.
 */
type TiffCompression = 'deflate' | 'jpeg' | 'rgb jpeg'

/** Qualities that look alike, at about the same file size; each format has its own scale. */
export const defaultQuality: Readonly<Record<OutputFormat, number>> = {
  jpeg: 82,
  webp: 80,
  avif: 60,
  tiff: 85,
  png: 100,
  gif: 100,
}

/** The properties of a picture that decide how it is written. */
export interface Written {
  bits: 8 | 16
  /** The pixels of all frames together. */
  pixels: number
  frames: number
  hasAlpha: boolean
  delays: number[]
  loop: number
}

/**
 * The original's own settings if the format stays, good defaults if it changes. A requested quality takes precedence.
 */
export function settingsFor(
  { bits, pixels, frames, hasAlpha, delays, loop }: Written,
  output: Output,
  original: Original,
): EncodeSettings {
  const isSameFormat = output.format === original.format
  const known = isSameFormat ? original : undefined
  return {
    quality: output.quality ?? known?.quality ?? defaultQuality[output.format],
    lossless: output.quality === undefined && (output.lossless ?? known?.lossless ?? false),
    progressive: known?.progressive ?? false,
    // `encodeBaseline` optimises, in half the encoder's time.
    optimiseCoding: false,
    filtersRows: false,
    chromaSubsampling: subsamplingLike(known),
    quantisationTable: known?.quantisationTable ?? 0,
    compression: compressionLike(known, output, hasAlpha),
    bitdepth: bitdepthFor(bits, known),
    paletteEffort: paletteEffortFor(pixels + frames * frameWeight),
    delay: delays,
    keepsShortDelays: known?.format === 'webp',
    loop,
  }
}

/** The settings for another attempt with a lower quality. The result was `growth` times as large as it should be. */
export function weaker(
  settings: EncodeSettings,
  growth: number,
  { format, attempt }: { format: OutputFormat; attempt: number },
): EncodeSettings {
  // Lowering the quality by this much halves the size of photographs. Other images may need more attempts.
  const halving = format === 'avif' && attempt === 1 ? 16 : 30
  const step = Math.max(Math.ceil(halving * Math.log2(growth)), 2)
  return { ...settings, quality: Math.max(settings.quality - step, 1) }
}

/** Likewise with a higher quality: the result was smaller, so that `growth` is below 1. */
export function stronger(settings: EncodeSettings, growth: number): EncodeSettings {
  const step = Math.ceil(-18 * Math.log2(growth))
  return { ...settings, quality: Math.min(settings.quality + step, 95) }
}

/** sharp accepts no more; only PNG can store more. */
const mostLoops = 65_535

/**
 * For lossless WebP, quality means effort, too. Effort 4 with quality 75 takes two to four times as long for photographs,
 * which become at most 0.2 % smaller, and drawings at most 1.4 %; many become larger.
 */
const losslessWebp = { effort: 3, quality: 30 }

/** Configures sharp to write a format. */
export function writeAs(image: Sharp, format: OutputFormat, settings: EncodeSettings): Sharp {
  const {
    bitdepth,
    chromaSubsampling,
    compression,
    delay,
    filtersRows,
    lossless,
    loop,
    optimiseCoding,
    paletteEffort,
    progressive,
    quality,
    quantisationTable,
  } = settings
  const animation = delay.length > 0 ? { delay, loop: Math.min(loop, mostLoops) } : {}
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality, progressive, chromaSubsampling, optimiseCoding, quantisationTable })
    case 'png':
      return image.png({ progressive, adaptiveFiltering: filtersRows })
    case 'webp':
      // `exact` keeps the colour under full transparency, which the encoder would otherwise drop.
      return image.webp({
        ...animation,
        lossless,
        exact: lossless,
        ...(lossless ? losslessWebp : { quality }),
      })
    case 'gif':
      // A frame gets its own palette unless the palette of another frame has all of its colours.
      return image.gif({ ...animation, progressive, effort: paletteEffort, interPaletteMaxError: 0 })
    case 'tiff':
      if (compression === 'deflate') return image.tiff({ compression, predictor: 'horizontal' })
      return image.tiff({ compression: 'jpeg', quality })
    case 'avif':
      return image.avif({ quality, lossless, chromaSubsampling, bitdepth, effort: 2 })
  }
}

/**
 * The nearer of the two subsamplings that sharp writes. JPEGs of 4:2:2 and the like become 4:2:0, because 4:4:4 would
 * make them a quarter larger. AVIFs of 4:2:2 become 4:4:4, which costs them little.
 */
function subsamplingLike(known: Original | undefined): '4:4:4' | '4:2:0' {
  const original = known?.chromaSubsampling
  if (known?.format === 'avif') return original === '4:4:4' || original === '4:2:2' ? '4:4:4' : '4:2:0'
  return original === undefined || /^4:[12]/.test(original) ? '4:2:0' : '4:4:4'
}

/** Only a requested quality may cost transparency, which JPEGs written here don't have. */
function compressionLike(
  known: Original | undefined,
  { quality }: Output,
  hasAlpha: boolean,
): TiffCompression {
  if (quality === undefined && (hasAlpha || known?.lossless !== false)) return 'deflate'
  return known?.isRgb ? 'rgb jpeg' : 'jpeg'
}

/** Choosing the colours of a frame takes a fixed time, as long as for this many pixels. */
const frameWeight = 8000

/**
 * `weight` counts pixels, and each frame as `frameWeight` of them. Choosing the colours of noisy frames takes up to 4 s of
 * CPU time for a weight of a million at an effort of 7, 1.7 s at 5, 0.9 s at 4 and 0.5 s below. So the encoder takes at
 * most 11 s up to 12 megapixels, and 25 s for an allowed image, unless it has tens of thousands of frames. From 7 to 5, a
 * photograph takes half the time, and becomes 5 to 16 % larger.
 */
function paletteEffortFor(weight: number): number {
  if (weight <= 2_700_000) return 7
  if (weight <= 6_100_000) return 5
  return weight <= 20_000_000 ? 4 : 1
}

function bitdepthFor(bits: 8 | 16, known: Original | undefined): 8 | 10 | 12 {
  if (bits === 8) return 8
  return known?.bitsPerSample === 12 ? 12 : 10
}
