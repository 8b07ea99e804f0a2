import type { ImageFormat } from './image-format.ts'

export type SampleBits = 8 | 16 | 32 | 64

/** The header of an image file, in terms of how the decoder (libvips, through sharp) would unpack it. */
export interface ImageHeader {
  format: ImageFormat
  contentType: string
  /**
   * The width of one frame or of the first page, as stored; for AVIF and HEIC after their own rotation, as decoders
   * give it.
   */
  width: number
  height: number
  /** Frames of an animation, pages of a document; 1 for a still image. */
  frames: number
  /** Samples per pixel after unpacking: a palette counts 3, or 4 with transparency; CMYK 4. */
  channels: number
  bitsPerSample: SampleBits
  /** The sum over all frames; each frame of an animation counts as the full canvas. */
  pixels: number
  /** Bytes in memory for all frames. Samples smaller than a byte take a whole byte. */
  unpackedBytes: number
  /** The EXIF orientation, 1 to 8: how the stored pixels must still be turned; 1 means not at all. */
  orientation: number
  /** Whether it is coded in several passes: multi-scan JPEG, interlaced PNG or GIF. */
  progressive: boolean
  /** Whether the coding left the samples unchanged. */
  lossless: boolean
}

/**
 * The result of a format's parser. It sets `pixels` and `unpackedBytes` if they aren't simply the product of the rest,
 * and `format` if the first bytes of the file don't decide it.
 */
export interface ImageFacts
  extends Omit<ImageHeader, 'format' | 'contentType' | 'pixels' | 'unpackedBytes'>,
    Partial<Pick<ImageHeader, 'pixels' | 'unpackedBytes' | 'format'>> {}
