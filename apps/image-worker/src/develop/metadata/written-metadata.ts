import type { OutputFormat } from '@darkroom/contracts'
import type { ColourSignal } from '../colour/colour-signal.ts'
import type { CarriedMetadata } from '../picture.ts'
import { type Exif, exifDescribing } from './exif.ts'
import type { Resolution } from './resolution.ts'
import { xmpDescribing } from './xmp.ts'

/** The metadata of a finished file, corrected to describe that file. */
export interface WrittenMetadata {
  readonly icc?: Uint8Array
  readonly colour?: ColourSignal
  readonly exif?: Exif
  readonly xmp?: Uint8Array
  /** IIM datasets. */
  readonly iptc?: Uint8Array
  readonly resolution?: Resolution
}

/** Adapts carried metadata to a file of this format with frames of this size. */
export function writtenMetadata(
  { exif, xmp, ...others }: CarriedMetadata,
  format: OutputFormat,
  size: { width: number; height: number },
): WrittenMetadata {
  const { width, height } = size
  return {
    ...others,
    ...(exif && { exif: exifDescribing(exif, size, format) }),
    ...(xmp && { xmp: xmpDescribing(xmp, { width, height, format, resolution: others.resolution }) }),
  }
}
