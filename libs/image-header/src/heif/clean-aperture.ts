import type { TableCursor } from './boxes.ts'

/** ISO/IEC 14496-12 section 12.1.4: a size, and how far its centre is from the centre of the image. */
export interface CleanAperture {
  width: number
  height: number
  right: number
  down: number
}

/** A part of an image, in whole pixels. */
export interface Crop {
  left: number
  top: number
  width: number
  height: number
}

/** Four fractions, each with its numerator first; those of the offsets may be negative. */
export function parseCleanAperture(table: TableCursor): CleanAperture {
  const [width, height] = [table.uint32() / table.uint32(), table.uint32() / table.uint32()]
  const [right, down] = [(table.uint32() | 0) / table.uint32(), (table.uint32() | 0) / table.uint32()]
  return { width, height, right, down }
}

/** The part of an image of this size that is shown: all of it if the aperture is empty or outside the image. */
export function cropOf(aperture: CleanAperture, size: { width: number; height: number }): Crop {
  const across = rangeOf(aperture.width, aperture.right, size.width)
  const along = rangeOf(aperture.height, aperture.down, size.height)
  if (!across || !along) return { left: 0, top: 0, ...size }
  return { left: across.start, top: along.start, width: across.length, height: along.length }
}

/** More than the error of adding fractions, and less than the smallest difference that matters. */
const tolerance = 1e-6

function rangeOf(
  length: number,
  offset: number,
  full: number,
): { start: number; length: number } | undefined {
  const first = Math.floor(offset + (full - length) / 2 + tolerance)
  const start = Math.max(first, 0)
  const end = Math.min(first + Math.floor(length + 0.5), full)
  return end > start ? { start, length: end - start } : undefined
}
