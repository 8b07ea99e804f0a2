import type { ColourNumbers, ColourSpace } from './colour-space.ts'

/** The declarations in a file about the meaning of its samples, other than an ICC profile. */
export interface ColourSignal {
  space: ColourSpace
  /** Colours declared by number. */
  numbers?: ColourNumbers
  /** The chunks of a PNG, as they are in the file. */
  chunks?: ColourChunk[]
  light?: LightLevels
}

/** The brightest light in an HDR image, in cd/m2. */
export interface LightLevels {
  peak: number
}

/** A chunk of a PNG that declares colours. */
export interface ColourChunk {
  type: string
  data: Uint8Array
}
