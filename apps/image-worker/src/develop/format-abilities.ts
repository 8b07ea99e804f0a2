import type { OutputFormat } from '@darkroom/contracts'
import { type ImageFormat, type ImageHeader, maxWebpFrames } from '@darkroom/image-header'
import type { Size } from '../permute/rectangle.ts'
import { formatNames } from './format-names.ts'
import { UnusableImage } from './unusable-image.ts'

/** The format of a result unless an operation names another: the original's, or JPEG if we can't write that. */
export function usualResult(original: ImageFormat): OutputFormat {
  return original === 'heic' ? 'jpeg' : original
}

/** Whether files of this format can have several frames or pages that we keep. */
export function isAnimatable(format: ImageFormat): boolean {
  return format === 'gif' || format === 'webp' || format === 'tiff'
}

/** Whether all frames of an original are kept. A PNG result has several frames only if the original was a PNG. */
export function keepsFrames(from: ImageHeader['format'], to: OutputFormat): boolean {
  return isAnimatable(to) || (from === 'png' && to === 'png')
}

/** Whether a colour profile can be attached to a file that sharp wrote in this format. In practice, GIF has none. */
export function canCarryProfile(format: OutputFormat): boolean {
  return format !== 'gif'
}

/** Whether a grey result is stored as grey. In the other formats it is stored as colours. */
export function canBeGrey(format: OutputFormat): boolean {
  return format === 'jpeg' || format === 'png' || format === 'tiff'
}

export function canBeTransparent(format: OutputFormat): boolean {
  return format !== 'jpeg'
}

export function canHave16Bits(format: OutputFormat): boolean {
  return format === 'png' || format === 'tiff' || format === 'avif'
}

/** The most pixels that a side can have. libjpeg writes no longer JPEGs, although the format has room for 65 535. */
const longestSide: Partial<Record<OutputFormat, number>> = {
  jpeg: 65_500,
  gif: 65_535,
  webp: 16_383,
  avif: 16_384,
}

export function hasRoomFor({ width, height }: Size, format: OutputFormat): boolean {
  return Math.max(width, height) <= (longestSide[format] ?? Number.POSITIVE_INFINITY)
}

/** @throws UnusableImage when a picture is too wide or too high for the format */
export function expectRoomFor(size: Size, format: OutputFormat): void {
  if (hasRoomFor(size, format)) return
  const [{ width, height }, most] = [size, longestSide[format]]
  const message = `the result has ${width} x ${height} pixels; ${formatNames[format]} allows at most ${most} a side: make it smaller or choose another format`
  throw new UnusableImage('result-too-large', message)
}

/**
 * libwebp takes a time that grows with the square of the number of frames, also to write them, and can't be interrupted.
 *
 * @throws UnusableImage when an animation has more frames than are read in this format
 */
export function expectFewFrames(frames: number, format: OutputFormat): void {
  if (format !== 'webp' || frames <= maxWebpFrames) return
  const message = `the result has ${frames} frames; WebP allows at most ${maxWebpFrames} here: choose another format`
  throw new UnusableImage('result-too-large', message)
}
