import { isStrategy, type Operation, type OperationNamed } from '@darkroom/contracts'
import type { ResizeOptions } from 'sharp'
import type { Size } from '../../permute/rectangle.ts'
import type { Raster } from '../raster/raster.ts'
import { throughSharpOnWhite } from '../raster/through-sharp.ts'
import { type OperationKind, onPlaces } from './operation-kind.ts'

export const resize: OperationKind<'resize'> = {
  ...onPlaces<'resize'>(change, resizedSize),
  sizeWithin: scaledSize,
  partsOf,
  geometryOf: ({ fit }) => ({
    movesPixels: true,
    changesView: fit === 'cover' || fit === 'contain',
    swapsAxes: false,
  }),
}

function change(frame: Raster, operation: OperationNamed<'resize'>): Promise<Raster> {
  return throughSharpOnWhite(frame, (image, background) =>
    image.resize({ ...resizeOptions(operation), background }),
  )
}

export function resizeOptions(operation: OperationNamed<'resize'>): ResizeOptions {
  const { width, height, fit, enlarge, position = 'center' } = operation
  return {
    position: position.split('-').reverse().join(' '),
    ...(width !== undefined && { width }),
    ...(height !== undefined && { height }),
    fit,
    withoutEnlargement: !enlarge,
  }
}

/** The size of the result. */
export function resizedSize(size: Size, operation: OperationNamed<'resize'>): Size {
  const { width, height, fit } = operation
  const scaled = scaledSize(size, operation)
  if (fit === 'contain')
    return { width: Math.max(scaled.width, width ?? 0), height: Math.max(scaled.height, height ?? 0) }
  if (fit !== 'cover') return scaled
  return {
    width: Math.min(scaled.width, width ?? scaled.width),
    height: Math.min(scaled.height, height ?? scaled.height),
  }
}

/**
 * The size before anything is cut off or filled up, as sharp (ResolveShrink in common.cc) and libvips round it: libvips
 * enlarges by a factor and shrinks by a divisor, whose results differ at halves.
 */
function scaledSize(size: Size, operation: OperationNamed<'resize'>): Size {
  const { width, height, fit, enlarge } = operation
  const wanted = { across: size.width / (width ?? size.width), down: size.height / (height ?? size.height) }
  if (fit !== 'fill') {
    const isInside = fit === 'inside' || fit === 'contain'
    const both = isInside ? Math.max(wanted.across, wanted.down) : Math.min(wanted.across, wanted.down)
    wanted.across = height === undefined ? wanted.across : width === undefined ? wanted.down : both
    wanted.down = wanted.across
  }
  const scaled = (side: number, shrink: number) => {
    const scale = 1 / Math.min(enlarge ? shrink : Math.max(shrink, 1), side)
    return Math.round(scale > 1 ? side * scale : side / (1 / scale))
  }
  return { width: scaled(size.width, wanted.across), height: scaled(size.height, wanted.down) }
}

/**
 * Finding the part to keep, and padding with a colour, are separate operations. If only a width or only a height is given,
 * the other side is never cut, and any padding is a separate operation: sharp would compute the other side from the image
 * that it decodes at a smaller size, up to a pixel off.
 */
function partsOf({ background, ...operation }: OperationNamed<'resize'>): Operation[] | undefined {
  const { position, ...resizing } = operation
  const { width, height, fit, enlarge } = resizing
  const isOpen = width === undefined || height === undefined
  const scaled: Operation = { ...resizing, fit: 'inside' }
  if (isStrategy(position))
    return isOpen
      ? [scaled]
      : [
          { ...resizing, fit: 'outside' },
          { name: 'crop', width, height, position },
        ]
  if (isOpen && (fit === 'cover' || (fit === 'contain' && enlarge))) return [scaled]
  if (fit !== 'contain' || !(isOpen || background !== undefined)) return undefined
  const box = { ...(width !== undefined && { width }), ...(height !== undefined && { height }) }
  const colour = background !== undefined && { background }
  return [scaled, { name: 'pad', ...box, position: position ?? 'center', ...colour }]
}
