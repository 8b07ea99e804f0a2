import type { Operation, OperationName, OperationNamed } from '@darkroom/contracts'
import type { Sharp } from 'sharp'
import { type Geometry, type Output, type Raster, throughSharp, unmoved } from '../raster.ts'

/** Width and height of one frame, in pixels. */
export type Size = Pick<Raster, 'width' | 'height'>

/** Changes one frame. May work in place. */
type Change<Name extends OperationName> = (
  frame: Raster,
  operation: OperationNamed<Name>,
) => Raster | Promise<Raster>

/** Changes all frames of an image, which are alike. May work in place. */
export type Apply<Name extends OperationName> = (
  frames: Raster[],
  operation: OperationNamed<Name>,
) => Promise<Raster[]>

/** The size of what comes out, known before it is made. */
type SizeAfter<Name extends OperationName> = (size: Size, operation: OperationNamed<Name>) => Size

/**
 * The places where sharp computes samples, in its own order, behind all that moves pixels (pipeline.cc). Each has room for
 * one operation a call.
 */
export const effectPlaces = [
  'blur',
  'modulate',
  'sharpen',
  'normalise',
  'tint',
  'greyscale',
  'negate',
] as const
export type EffectPlace = (typeof effectPlaces)[number]

/** How an operation that moves no pixels is one part of a call to sharp. */
export interface Effect<Name extends OperationName> {
  place: EffectPlace
  write(image: Sharp, operation: OperationNamed<Name>): Sharp
}

/** What an operation does: it changes the pixels of each frame, or chooses how the result is written. */
export type OperationKind<Name extends OperationName> =
  | {
      changes: 'pixels'
      apply: Apply<Name>
      sizeAfter: SizeAfter<Name>
      /** What stands in memory on the way, where that is larger. */
      sizeWithin?: SizeAfter<Name>
      /** Whether the size depends on what the image shows: `sizeAfter` is the largest then. */
      isSizeOpen?: boolean
      /** Whether it computes colours, and takes samples to be spaced as those of sRGB are. */
      makesColours(operation: OperationNamed<Name>): boolean
      /** Whether it makes pixels transparent, also of an image that has no transparency. */
      addsTransparency(operation: OperationNamed<Name>): boolean
      geometryOf(operation: OperationNamed<Name>): Geometry
      effect?: Effect<Name>
      /** The other operations that it comes to, one after the other; undefined where it is done by itself. */
      partsOf?(operation: OperationNamed<Name>): Operation[] | undefined
    }
  | { changes: 'output'; choose(output: Output, operation: OperationNamed<Name>): Output }

/** Frame by frame: all at once, an animation would be held several times. */
export function eachFrame<Name extends OperationName>(change: Change<Name>): Apply<Name> {
  return async (frames, operation) => {
    for (const [index, frame] of frames.entries()) frames[index] = await change(frame, operation)
    return frames
  }
}

/** The operation that sharp does alone in one call, for images of any kind. */
export function throughEffect<Name extends OperationName>({ write }: Effect<Name>): Change<Name> {
  return (frame, operation) => throughSharp(frame, image => write(image, operation))
}

/** An operation that gives pixels other samples, of the same colours or mixed from their neighbours', where they are. */
export function onPixels<Name extends OperationName>(change: Change<Name>, effect?: Effect<Name>) {
  return inPlace(change, effect, false)
}

/** An operation that computes colours. */
export function onColours<Name extends OperationName>(change: Change<Name>, effect?: Effect<Name>) {
  return inPlace(change, effect, true)
}

function inPlace<Name extends OperationName>(
  change: Change<Name>,
  effect: Effect<Name> | undefined,
  isOfColours: boolean,
) {
  const sizeAfter: SizeAfter<Name> = size => size
  return {
    changes: 'pixels' as const,
    apply: eachFrame(change),
    sizeAfter,
    makesColours: () => isOfColours,
    addsTransparency: () => false,
    geometryOf: () => unmoved,
    ...(effect && { effect }),
  }
}

/** An operation that moves pixels. It keeps the size, and rows stay rows, unless it says otherwise. */
export function onPlaces<Name extends OperationName>(
  change: Change<Name>,
  sizeAfter: SizeAfter<Name> = size => size,
  swapsAxes: (operation: OperationNamed<Name>) => boolean = () => false,
) {
  const geometryOf = (operation: OperationNamed<Name>) => ({
    movesPixels: true,
    swapsAxes: swapsAxes(operation),
  })
  return {
    changes: 'pixels' as const,
    apply: eachFrame(change),
    sizeAfter,
    makesColours: () => false,
    addsTransparency: () => false,
    geometryOf,
  }
}
