import type { ColourSignal } from './colour/colour-signal.ts'
import type { Exif } from './metadata/exif.ts'
import type { Resolution } from './metadata/resolution.ts'
import type { Raster } from './raster.ts'

/** An unpacked image: all frames, of one size, and its metadata. */
export interface Picture {
  frames: Raster[]
  /** One for each frame, in milliseconds; empty for images that aren't animated. */
  delays: number[]
  /** How often an animation runs; 0 means forever. */
  loop: number
  metadata: CarriedMetadata
}

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
