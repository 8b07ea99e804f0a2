import type { OutputFormat } from '@darkroom/contracts'
import type { CarriedMetadata } from '../raster.ts'
import { attachToGif } from './gif-extensions.ts'
import { attachToJpeg } from './jpeg-segments.ts'
import { attachToPng } from './png-chunks.ts'
import { attachToTiff } from './tiff-tags.ts'
import { attachToWebp } from './webp-chunks.ts'

const attachers = {
  gif: attachToGif,
  jpeg: attachToJpeg,
  png: attachToPng,
  tiff: attachToTiff,
  webp: attachToWebp,
}

/** Whether metadata can be put into finished files of this format. */
export function canAttach(format: OutputFormat): format is keyof typeof attachers {
  return Object.hasOwn(attachers, format)
}

/**
 * A finished file with metadata put into it; the file itself where there is none. sharp can't do this without
 * converting the colours: it takes every raster for sRGB. `size` is of one frame, in pixels.
 */
export function attachMetadata(
  file: Uint8Array,
  format: keyof typeof attachers,
  metadata: CarriedMetadata,
  size: { width: number; height: number },
): Uint8Array {
  return Object.keys(metadata).length === 0 ? file : attachers[format](file, metadata, size)
}
