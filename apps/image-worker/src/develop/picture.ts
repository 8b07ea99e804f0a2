import type { CarriedMetadata } from './metadata/carried-metadata.ts'
import type { Raster } from './raster/raster.ts'

/** An unpacked image: all frames, of one size, and its metadata. */
export interface Picture {
  frames: Raster[]
  /** One for each frame, in milliseconds; empty for images that aren't animated. */
  delays: number[]
  /** How often an animation runs; 0 means forever. */
  loop: number
  metadata: CarriedMetadata
}
