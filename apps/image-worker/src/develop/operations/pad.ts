import type { OperationNamed } from '@darkroom/contracts'
import type { Size } from '../../permute/rectangle.ts'
import {
  asKindFor,
  colourOf,
  dependsOnSpacing,
  filled,
  isColoured,
  isOpaque,
  paste,
  usualBackground,
} from '../raster/background.ts'
import type { Raster } from '../raster/raster.ts'
import { type OperationKind, onPlaces } from './operation-kind.ts'
import { offsetAt } from './position.ts'

export const pad: OperationKind<'pad'> = {
  ...onPlaces<'pad'>(change, paddedSize),
  makesColours: ({ background }) => dependsOnSpacing(background),
  coloursGrey: ({ background }) => isColoured(background),
  addsTransparency: ({ background }) => !isOpaque(background),
}

function change(frame: Raster, operation: OperationNamed<'pad'>): Raster {
  const size = paddedSize(frame, operation)
  if (size.width === frame.width && size.height === frame.height) return frame
  const { background } = operation
  const colour = background === undefined ? usualBackground(frame) : colourOf(background)
  const image = asKindFor(frame, colour)
  const padded = filled(colour, image, size)
  paste(image, padded, placeIn(size, frame, operation))
  return padded
}

/** The position of the image in its padded size. */
export function placeIn(
  size: Size,
  frame: Size,
  { position, left = 0, top = 0, width, height }: OperationNamed<'pad'>,
): { left: number; top: number } {
  if (width === undefined && height === undefined) return { left, top }
  return offsetAt(position ?? 'center', size.width - frame.width, size.height - frame.height)
}

export function paddedSize(size: Size, operation: OperationNamed<'pad'>): Size {
  const { width = 0, height = 0, top = 0, right = 0, bottom = 0, left = 0 } = operation
  return {
    width: Math.max(width, left + size.width + right),
    height: Math.max(height, top + size.height + bottom),
  }
}
