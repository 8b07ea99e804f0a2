import type { ImageHeader } from '@darkroom/image-header'
import type { Sharp } from 'sharp'
import { turnOfOrientation } from '../../permute/turn.ts'
import type { Raster } from './raster.ts'
import { throughSharp } from './through-sharp.ts'

/** A frame turned upright by its EXIF orientation. */
export async function orient(frame: Raster, orientation: number): Promise<Raster> {
  if (orientation === 1) return frame
  const { mirrored, angle } = turnOfOrientation(orientation)
  // sharp flops before it rotates.
  return throughSharp(frame, image => image.flop(mirrored).rotate(angle))
}

/**
 * Makes sharp turn a single image upright, if its header has a turn. libvips also takes fractions for orientations, which
 * browsers ignore.
 */
export function orientInSharp(image: Sharp, { orientation }: Pick<ImageHeader, 'orientation'>): Sharp {
  return orientation === 1 ? image : image.autoOrient()
}
