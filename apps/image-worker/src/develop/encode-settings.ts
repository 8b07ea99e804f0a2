import type { OutputFormat } from '@darkroom/contracts'
import type { Sharp } from 'sharp'
import type { Original } from './original.ts'
import type { Output } from './raster.ts'

/** A result that only permutes a lossy original grows by at most a tenth, if a few attempts can do it. */
export const maxGrowth = 1.1

/** How a result is written; each format takes what it knows of. */
export interface EncodeSettings {
  quality: number
  lossless: boolean
  progressive: boolean
  /** Whether the encoder makes Huffman tables for a baseline JPEG. */
  optimiseCoding: boolean
  chromaSubsampling: '4:4:4' | '4:2:0'
  quantisationTable: 0 | 3
  compression: TiffCompression
  bitdepth: 8 | 10 | 12
  delay: number[]
  loop: number
}

/**
 * Which of the lossless ones an original had isn't seen, and doesn't matter. JPEG is of luma and chroma, unless the
 * original's was of red, green and blue.
 */
type TiffCompression = 'deflate' | 'jpeg' | 'rgb jpeg'

/** What looks alike at about the same size; the scales of the formats differ. */
export const defaultQuality: Readonly<Record<OutputFormat, number>> = {
  jpeg: 82,
  webp: 80,
  avif: 60,
  tiff: 85,
  png: 100,
  gif: 100,
}

/** What of a picture decides how it is written. */
export interface Written {
  bits: 8 | 16
  delays: number[]
  loop: number
}

/** The original's own settings where the format stays, good ones where it changes; a quality asked for wins. */
export function settingsFor(
  { bits, delays, loop }: Written,
  output: Output,
  original: Original,
): EncodeSettings {
  const isSameFormat = output.format === original.format
  const known = isSameFormat ? original : undefined
  return {
    quality: output.quality ?? known?.quality ?? defaultQuality[output.format],
    lossless: output.quality === undefined && (output.lossless ?? known?.lossless ?? false),
    progressive: known?.progressive ?? false,
    // encodeBaseline does, in half the encoder's time.
    optimiseCoding: false,
    chromaSubsampling: subsamplingLike(known),
    quantisationTable: known?.quantisationTable ?? 0,
    compression: compressionLike(known, output),
    bitdepth: bitdepthFor(bits, known),
    delay: delays,
    loop,
  }
}

/** The settings for another attempt, after one that came out `growth` times as large as it should. */
export function weaker(
  settings: EncodeSettings,
  growth: number,
  { format, attempt }: { format: OutputFormat; attempt: number },
): EncodeSettings {
  // So much less of quality halves the size of photographs; what isn't enough then, is of another kind.
  const halving = format === 'avif' && attempt === 1 ? 16 : 30
  const step = Math.max(Math.ceil(halving * Math.log2(growth)), 2)
  return { ...settings, quality: Math.max(settings.quality - step, 1) }
}

/** The settings for another attempt, where the first came out smaller: `growth` is less than 1. */
export function stronger(settings: EncodeSettings, growth: number): EncodeSettings {
  const step = Math.ceil(-18 * Math.log2(growth))
  return { ...settings, quality: Math.min(settings.quality + step, 95) }
}

/** Tells sharp to write in a format. */
export function writeAs(image: Sharp, format: OutputFormat, settings: EncodeSettings): Sharp {
  const {
    bitdepth,
    chromaSubsampling,
    compression,
    delay,
    lossless,
    loop,
    optimiseCoding,
    progressive,
    quality,
    quantisationTable,
  } = settings
  const animation = delay.length > 0 ? { delay, loop } : {}
  switch (format) {
    case 'jpeg':
      return image.jpeg({ quality, progressive, chromaSubsampling, optimiseCoding, quantisationTable })
    case 'png':
      return image.png({ progressive })
    case 'webp':
      // Of lossless WebP, quality is the effort: 100 takes eight times as long as 75, for no fewer bytes. Exact is
      // the colour under full transparency, which is otherwise thrown away.
      return image.webp({ ...animation, lossless, exact: lossless, quality: lossless ? 75 : quality })
    case 'gif':
      // Frames get palettes of their own unless another frame's has all of their colours.
      return image.gif({ ...animation, progressive, interPaletteMaxError: 0 })
    case 'tiff':
      if (compression === 'deflate') return image.tiff({ compression, predictor: 'horizontal' })
      return image.tiff({ compression: 'jpeg', quality })
    case 'avif':
      return image.avif({ quality, lossless, chromaSubsampling, bitdepth, effort: 2 })
  }
}

/**
 * The nearest of the two that sharp writes. JPEGs of 4:2:2 and the like become 4:2:0: in 4:4:4 they would grow by a
 * quarter. AVIFs of 4:2:2 become 4:4:4, which costs them little.
 */
function subsamplingLike(known: Original | undefined): '4:4:4' | '4:2:0' {
  const original = known?.chromaSubsampling
  if (known?.format === 'avif') return original === '4:4:4' || original === '4:2:2' ? '4:4:4' : '4:2:0'
  return original === undefined || /^4:[12]/.test(original) ? '4:2:0' : '4:4:4'
}

function compressionLike(known: Original | undefined, { quality }: Output): TiffCompression {
  if (quality === undefined && known?.lossless !== false) return 'deflate'
  return known?.isRgb ? 'rgb jpeg' : 'jpeg'
}

function bitdepthFor(bits: 8 | 16, known: Original | undefined): 8 | 10 | 12 {
  if (bits === 8) return 8
  return known?.bitsPerSample === 12 ? 12 : 10
}
