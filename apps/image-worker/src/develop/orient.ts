import type { ImageHeader } from '@darkroom/image-header'
import type { Sharp } from 'sharp'
import type { Raster } from './raster.ts'
import { throughSharp } from './through-sharp.ts'

/** The steps that turn an image of each EXIF orientation upright (Exif 2.32, 4.6.4). */
const turns: Readonly<Record<number, readonly ((image: Sharp) => Sharp)[]>> = {
  2: [image => image.flop()],
  3: [image => image.rotate(180)],
  4: [image => image.flip()],
  5: [image => image.rotate(90), image => image.flop()],
  6: [image => image.rotate(90)],
  7: [image => image.rotate(270), image => image.flop()],
  8: [image => image.rotate(270)],
}

/** A frame turned and mirrored by its EXIF orientation. */
export async function orient(frame: Raster, orientation: number): Promise<Raster> {
  let upright = frame
  for (const turn of turns[orientation] ?? []) upright = await throughSharp(upright, turn)
  return upright
}

/**
 * Makes sharp turn a single image upright, if its header has a turn. libvips also takes fractions for orientations, which
 * browsers ignore.
 */
export function orientInSharp(image: Sharp, { orientation }: Pick<ImageHeader, 'orientation'>): Sharp {
  return orientation === 1 ? image : image.autoOrient()
}
