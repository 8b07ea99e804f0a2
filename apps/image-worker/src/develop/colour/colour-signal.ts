import type { ColourNumbers, ColourSpace } from './colour-space.ts'

/** How a file says what its samples mean, other than by an ICC profile. */
export interface ColourSignal {
  space: ColourSpace
  /** Where it is said by number. */
  numbers?: ColourNumbers
  /** Of a PNG, as they are in the file. */
  chunks?: PngChunk[]
  light?: LightLevels
}

/** Of HDR: the brightest that the image has, in cd/m2. */
export interface LightLevels {
  peak: number
}

export interface PngChunk {
  type: string
  data: Uint8Array
}
