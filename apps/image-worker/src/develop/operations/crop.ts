import type { OperationNamed } from '@darkroom/contracts'
import type { Rectangle } from '../../permute/turn.ts'
import { type Raster, throughSharp } from '../raster.ts'
import { UnusableImage } from '../unusable-image.ts'
import { onPlaces, type Size } from './operation-kind.ts'

export const crop = onPlaces<'crop'>(apply, sizeAfter)

function apply(frame: Raster, operation: OperationNamed<'crop'>): Promise<Raster> {
  const rectangle = cropRectangle(frame, operation)
  return throughSharp(frame, image => image.extract(rectangle))
}

/** @throws UnusableImage when it begins outside of the frame */
export function cropRectangle(frame: Size, operation: OperationNamed<'crop'>): Rectangle {
  const width = Math.min(operation.width, frame.width)
  const height = Math.min(operation.height, frame.height)
  const left = operation.left ?? Math.floor((frame.width - width) / 2)
  const top = operation.top ?? Math.floor((frame.height - height) / 2)
  if (left >= frame.width || top >= frame.height) {
    throw new UnusableImage(
      'crop-outside',
      `the rectangle to cut out begins at ${left},${top}; the image has ${frame.width} x ${frame.height} pixels`,
    )
  }
  return {
    left,
    top,
    width: Math.min(width, frame.width - left),
    height: Math.min(height, frame.height - top),
  }
}

function sizeAfter({ width, height }: Size, operation: OperationNamed<'crop'>): Size {
  return { width: Math.min(width, operation.width), height: Math.min(height, operation.height) }
}
