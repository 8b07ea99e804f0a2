import { isStrategy, type Operation, type OperationNamed } from '@darkroom/contracts'
import type { ResizeOptions } from 'sharp'
import { type Raster, throughSharpOnWhite } from '../raster.ts'
import { type OperationKind, onPlaces, type Size } from './operation-kind.ts'

export const resize: OperationKind<'resize'> = { ...onPlaces<'resize'>(change, sizeAfter), partsOf }

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

/** The size of the result, as sharp rounds it (ResolveShrink in common.cc). */
export function resizedSize(size: Size, operation: OperationNamed<'resize'>): Size {
  const { width, height, fit, enlarge } = operation
  const wanted = { across: size.width / (width ?? size.width), down: size.height / (height ?? size.height) }
  if (fit !== 'fill') {
    const isInside = fit === 'inside' || fit === 'contain'
    const both = isInside ? Math.max(wanted.across, wanted.down) : Math.min(wanted.across, wanted.down)
    wanted.across = height === undefined ? wanted.across : width === undefined ? wanted.down : both
    wanted.down = wanted.across
  }
  const shrunk = (side: number, shrink: number) =>
    Math.round(side / Math.min(enlarge ? shrink : Math.max(shrink, 1), side))
  const scaled = { width: shrunk(size.width, wanted.across), height: shrunk(size.height, wanted.down) }
  if (fit === 'contain')
    return { width: Math.max(scaled.width, width ?? 0), height: Math.max(scaled.height, height ?? 0) }
  if (fit !== 'cover') return scaled
  return {
    width: Math.min(scaled.width, width ?? scaled.width),
    height: Math.min(scaled.height, height ?? scaled.height),
  }
}

/** Of cover, what it is cut from. */
function sizeAfter(size: Size, { width, height, fit, enlarge }: OperationNamed<'resize'>): Size {
  if (fit === 'fill') {
    const stretched = (wanted: number, own: number) => (enlarge ? wanted : Math.min(wanted, own))
    return {
      width: stretched(width ?? size.width, size.width),
      height: stretched(height ?? size.height, size.height),
    }
  }
  const scales = [width && width / size.width, height && height / size.height].filter(
    scale => scale !== undefined,
  )
  const isInside = fit === 'inside' || fit === 'contain'
  const wanted = isInside ? Math.min(...scales) : Math.max(...scales)
  const scale = enlarge ? wanted : Math.min(wanted, 1)
  const padded = fit === 'contain' ? { width: width ?? 0, height: height ?? 0 } : { width: 0, height: 0 }
  return {
    width: Math.max(padded.width, Math.ceil(size.width * scale)),
    height: Math.max(padded.height, Math.ceil(size.height * scale)),
  }
}

/** Finding what to keep, and filling up with a colour, are operations of their own. */
function partsOf({ background, ...operation }: OperationNamed<'resize'>): Operation[] | undefined {
  const { position, ...resizing } = operation
  const { width, height } = resizing
  if (isStrategy(position)) {
    // A side that is left open is not cut.
    if (width === undefined || height === undefined) return [resizing]
    return [
      { ...resizing, fit: 'outside' },
      { name: 'crop', width, height, position },
    ]
  }
  if (background === undefined) return undefined
  const box = { ...(width !== undefined && { width }), ...(height !== undefined && { height }) }
  return [
    { ...resizing, fit: 'inside' },
    { name: 'pad', ...box, position: position ?? 'center', background },
  ]
}
