import type { ImageFormat } from './image-format.ts'

export type SampleBits = 8 | 16 | 32

/** What a file says of the image it holds, as the decoder (libvips, by way of sharp) would unpack it. */
export interface ImageHeader {
  format: ImageFormat
  contentType: string
  /** Of one frame or the first page, as stored; for AVIF and HEIC after their own rotation, as its decoders give it. */
  width: number
  height: number
  /** Frames of an animation, pages of a document; 1 for a still image. */
  frames: number
  /** Samples a pixel once unpacked: a palette counts 3, or 4 with transparency; CMYK 4. */
  channels: number
  bitsPerSample: SampleBits
  /** Summed over all frames, each frame of an animation counted as the full canvas. */
  pixels: number
  /** What all frames take in memory, in bytes; compressed samples are never kept any denser. */
  unpackedBytes: number
  /** EXIF 1..8: what is still to be done to the stored pixels; 1 where nothing is. */
  orientation: number
  /** Coded in several passes: multi-scan JPEG, interlaced PNG or GIF. */
  progressive: boolean
  /** The stored samples came through unchanged. */
  lossless: boolean
}

/**
 * What a format's own parser finds. `pixels` and `unpackedBytes` are given where they aren't the plain product of
 * the rest, and `format` where the first bytes of the file don't decide it.
 */
export interface ImageFacts
  extends Omit<ImageHeader, 'format' | 'contentType' | 'pixels' | 'unpackedBytes'>,
    Partial<Pick<ImageHeader, 'pixels' | 'unpackedBytes' | 'format'>> {}
