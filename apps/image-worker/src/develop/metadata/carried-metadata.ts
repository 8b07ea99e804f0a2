import type { ColourSignal } from '../colour/colour-signal.ts'
import type { Exif } from './exif.ts'
import type { Resolution } from './resolution.ts'

/** The metadata that describes the picture. Sizes in it may still be those of the original. */
export interface CarriedMetadata {
  icc?: Uint8Array
  /** Set if the colours aren't sRGB and no profile describes them. */
  colour?: ColourSignal
  exif?: Exif
  xmp?: string
  /** IIM datasets. */
  iptc?: Uint8Array
  resolution?: Resolution
}
