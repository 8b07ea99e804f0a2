import type { ImageHeader } from '@darkroom/image-header'
import type { Size } from '../permute/rectangle.ts'

/** How operations move pixels. */
export interface Geometry {
  /** Whether a pixel may end up elsewhere. */
  movesPixels: boolean
  /** Whether the result may show another part of the scene, or show it turned or mirrored. */
  changesView: boolean
  /** Whether rows become columns. */
  swapsAxes: boolean
}

export const unmoved: Geometry = { movesPixels: false, changesView: false, swapsAxes: false }

/** The size of one frame after it is turned upright by its EXIF orientation. */
export function uprightSize({
  width,
  height,
  orientation,
}: Pick<ImageHeader, 'width' | 'height' | 'orientation'>): Size {
  return orientation >= 5 ? { width: height, height: width } : { width, height }
}
