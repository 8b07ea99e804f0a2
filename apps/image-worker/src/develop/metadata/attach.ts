import type { OutputFormat } from '@darkroom/contracts'
import type { Size } from '../../permute/rectangle.ts'
import { attachToAvif } from './attach-to-avif.ts'
import { attachToJpeg } from './attach-to-jpeg.ts'
import { attachToPng } from './attach-to-png.ts'
import { attachToTiff } from './attach-to-tiff.ts'
import { attachToWebp } from './attach-to-webp.ts'
import type { CarriedMetadata } from './carried-metadata.ts'
import { attachToGif } from './gif-extensions.ts'
import { type WrittenMetadata, writtenMetadata } from './written-metadata.ts'

const attachers: Record<
  OutputFormat,
  (file: Uint8Array, metadata: WrittenMetadata, size: Size) => Uint8Array
> = {
  avif: attachToAvif,
  gif: attachToGif,
  jpeg: attachToJpeg,
  png: attachToPng,
  tiff: attachToTiff,
  webp: attachToWebp,
}

/**
 * A finished file with the metadata that its format supports, and without any other resolution. sharp can't attach
 * metadata without converting the colours, because it assumes sRGB for every raster. An AVIF must contain its profile
 * already. `size` is the size of one frame, in pixels.
 */
export function attachMetadata(
  file: Uint8Array,
  format: OutputFormat,
  metadata: CarriedMetadata,
  size: Size,
): Uint8Array {
  return attachers[format](file, writtenMetadata(metadata, format, size), size)
}
