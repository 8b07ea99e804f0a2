import { isStrategy, type Operation, type OperationNamed } from '@darkroom/contracts'
import type { Rectangle, Size } from '../../permute/rectangle.ts'
import type { Raster } from '../raster/raster.ts'
import { throughSharp } from '../raster/through-sharp.ts'
import { UnusableImage } from '../unusable-image.ts'
import { findWindow } from './find-window.ts'
import { eachFrame, type OperationKind, onPlaces } from './operation-kind.ts'
import { offsetAt } from './position.ts'

export const crop: OperationKind<'crop'> = { ...onPlaces<'crop'>(change, sizeAfter), apply, partsOf }

function change(frame: Raster, operation: OperationNamed<'crop'>): Promise<Raster> {
  return cutOut(frame, cropRectangle(frame, operation))
}

export function cutOut(frame: Raster, rectangle: Rectangle): Promise<Raster> {
  return throughSharp(frame, image => image.extract(rectangle))
}

/** The eye-catching part moves from frame to frame, but all frames are cut to the same part. */
async function apply(frames: Raster[], operation: OperationNamed<'crop'>): Promise<Raster[]> {
  const { position } = operation
  if (!isStrategy(position)) return eachFrame(change)(frames, operation)
  const window = await findWindow(frames, operation, position)
  return eachFrame<'crop'>(frame => cutOut(frame, window))(frames, operation)
}

/**
 * The rectangle of a crop that doesn't depend on the content of the image.
 *
 * @throws UnusableImage when it begins outside of the frame
 */
export function cropRectangle(frame: Size, operation: OperationNamed<'crop'>): Rectangle {
  const { position = 'center' } = operation
  const width = Math.min(operation.width, frame.width)
  const height = Math.min(operation.height, frame.height)
  const usual = offsetAt(
    isStrategy(position) ? 'center' : position,
    frame.width - width,
    frame.height - height,
  )
  const { left = usual.left, top = usual.top } = operation
  if (left >= frame.width || top >= frame.height) {
    throw new UnusableImage(
      'crop-outside',
      `the rectangle to cut out begins at ${left},${top}; the image has ${frame.width} x ${frame.height} pixels at that step: choose a smaller left or top`,
    )
  }
  return {
    left,
    top,
    width: Math.min(width, frame.width - left),
    height: Math.min(height, frame.height - top),
  }
}

/** The part of a side within the frame; one pixel if the rectangle begins outside. */
function sizeAfter({ width, height }: Size, operation: OperationNamed<'crop'>): Size {
  const { left = 0, top = 0 } = operation
  return {
    width: Math.max(1, Math.min(operation.width, width - left)),
    height: Math.max(1, Math.min(operation.height, height - top)),
  }
}

/** With a background: crop, then pad. */
function partsOf({ background, ...operation }: OperationNamed<'crop'>): Operation[] | undefined {
  if (background === undefined) return undefined
  const { width, height, left, position = 'center' } = operation
  const place = isStrategy(position) ? 'center' : position
  return [
    operation,
    { name: 'pad', width, height, position: left === undefined ? place : 'top-left', background },
  ]
}
