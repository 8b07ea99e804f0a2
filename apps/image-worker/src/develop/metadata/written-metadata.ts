import type { OutputFormat } from '@darkroom/contracts'
import type { Size } from '../../permute/rectangle.ts'
import type { CarriedMetadata } from './carried-metadata.ts'
import { exifDescribing } from './exif.ts'
import { xmpDescribing } from './xmp.ts'

/** The metadata of a finished file, corrected to describe that file. */
export interface WrittenMetadata extends Omit<CarriedMetadata, 'xmp'> {
  readonly xmp?: Uint8Array
}

/** Adapts carried metadata to a file of this format with frames of this size. */
export function writtenMetadata(
  { exif, xmp, ...others }: CarriedMetadata,
  format: OutputFormat,
  size: Size,
): WrittenMetadata {
  const { width, height } = size
  return {
    ...others,
    ...(exif && { exif: exifDescribing(exif, size, format) }),
    ...(xmp && { xmp: xmpDescribing(xmp, { width, height, format, resolution: others.resolution }) }),
  }
}
