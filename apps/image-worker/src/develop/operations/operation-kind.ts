import type { Operation, OperationName, OperationNamed } from '@darkroom/contracts'
import type { Sharp } from 'sharp'
import type { Size } from '../../permute/rectangle.ts'
import { type Geometry, unmoved } from '../geometry.ts'
import type { Output } from '../output.ts'
import type { Raster } from '../raster/raster.ts'
import { throughSharp } from '../raster/through-sharp.ts'

/** Changes one frame. May work in place. */
type Change<Name extends OperationName> = (
  frame: Raster,
  operation: OperationNamed<Name>,
) => Raster | Promise<Raster>

/** Changes all frames of an image, which have the same size and kind. May work in place. */
type Apply<Name extends OperationName> = (
  frames: Raster[],
  operation: OperationNamed<Name>,
) => Promise<Raster[]>

/** The size of the result, known before the result is computed. */
type SizeAfter<Name extends OperationName> = (size: Size, operation: OperationNamed<Name>) => Size

/**
 * The places where sharp computes samples, in its own order, after all moves of pixels (pipeline.cc). A call has room
 * for one operation at each place.
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
type EffectPlace = (typeof effectPlaces)[number]

/** How an operation that moves no pixels becomes a part of a call to sharp. */
export interface Effect<Name extends OperationName> {
  place: EffectPlace
  write(image: Sharp, operation: OperationNamed<Name>): Sharp
}

/** The kind of an operation: it changes the pixels of each frame, or chooses how the result is written. */
export type OperationKind<Name extends OperationName> =
  | {
      changes: 'pixels'
      apply: Apply<Name>
      sizeAfter: SizeAfter<Name>
      /** The size of an intermediate image in memory, if it is larger. */
      sizeWithin?: SizeAfter<Name>
      /** Whether the size depends on the content of the image: `sizeAfter` is then the largest possible. */
      isSizeOpen?: boolean
      /** Whether it computes colours and assumes that samples are spaced as in sRGB. */
      makesColours(operation: OperationNamed<Name>): boolean
      /** Whether it gives colour to a grey image. */
      coloursGrey?(operation: OperationNamed<Name>): boolean
      /** Whether it makes pixels transparent, also in an image without transparency. */
      addsTransparency(operation: OperationNamed<Name>): boolean
      geometryOf(operation: OperationNamed<Name>): Geometry
      effect?: Effect<Name>
      /** Simpler operations that have the same result, one after the other; undefined if no simpler operations exist. */
      partsOf?(operation: OperationNamed<Name>): Operation[] | undefined
    }
  | { changes: 'output'; choose(output: Output, operation: OperationNamed<Name>): Output }

/** Applies a change frame by frame. All frames at once would hold an animation several times. */
export function eachFrame<Name extends OperationName>(change: Change<Name>): Apply<Name> {
  return async (frames, operation) => {
    for (const [index, frame] of frames.entries()) frames[index] = await change(frame, operation)
    return frames
  }
}

/** An operation that sharp does alone in one call, for images of any kind. */
export function throughEffect<Name extends OperationName>({ write }: Effect<Name>): Change<Name> {
  return (frame, operation) => throughSharp(frame, image => write(image, operation))
}

/** An operation that changes samples without moving pixels. It keeps colours, or mixes them from neighbours. */
export function onPixels<Name extends OperationName>(change: Change<Name>, effect?: Effect<Name>) {
  return withoutMoving(change, effect, false)
}

/** An operation that computes colours. */
export function onColours<Name extends OperationName>(change: Change<Name>, effect?: Effect<Name>) {
  return withoutMoving(change, effect, true)
}

function withoutMoving<Name extends OperationName>(
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

/** An operation that moves pixels. Unless it declares otherwise, it keeps the size, and rows stay rows. */
export function onPlaces<Name extends OperationName>(
  change: Change<Name>,
  sizeAfter: SizeAfter<Name> = size => size,
  swapsAxes: (operation: OperationNamed<Name>) => boolean = () => false,
) {
  const geometryOf = (operation: OperationNamed<Name>) => ({
    movesPixels: true,
    changesView: true,
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
