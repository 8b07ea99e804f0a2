import type { OperationName, OperationNamed } from '@darkroom/contracts'
import { type Geometry, type Output, type Raster, unmoved } from '../raster.ts'

/** Width and height of one frame, in pixels. */
export type Size = Pick<Raster, 'width' | 'height'>

/** Changes one frame. May work in place. */
type Apply<Name extends OperationName> = (
  frame: Raster,
  operation: OperationNamed<Name>,
) => Raster | Promise<Raster>

/** The size of what comes out, or stands in memory on the way if that is larger; known before it is made. */
type SizeAfter<Name extends OperationName> = (size: Size, operation: OperationNamed<Name>) => Size

/** What an operation does: it changes the pixels of each frame, or chooses how the result is written. */
export type OperationKind<Name extends OperationName> =
  | {
      changes: 'pixels'
      apply: Apply<Name>
      sizeAfter: SizeAfter<Name>
      makesColours: boolean
      geometryOf(operation: OperationNamed<Name>): Geometry
    }
  | { changes: 'output'; choose(output: Output, operation: OperationNamed<Name>): Output }

/** An operation that gives pixels other samples, of the same colours or mixed from their neighbours', where they are. */
export function onPixels<Name extends OperationName>(apply: Apply<Name>): OperationKind<Name> {
  return { changes: 'pixels', apply, sizeAfter: size => size, makesColours: false, geometryOf: () => unmoved }
}

/** An operation that computes colours, and takes samples to be spaced as those of sRGB are. */
export function onColours<Name extends OperationName>(apply: Apply<Name>): OperationKind<Name> {
  return { changes: 'pixels', apply, sizeAfter: size => size, makesColours: true, geometryOf: () => unmoved }
}

/** An operation that moves pixels. It keeps the size, and rows stay rows, unless it says otherwise. */
export function onPlaces<Name extends OperationName>(
  apply: Apply<Name>,
  sizeAfter: SizeAfter<Name> = size => size,
  swapsAxes: (operation: OperationNamed<Name>) => boolean = () => false,
): OperationKind<Name> {
  const geometryOf = (operation: OperationNamed<Name>) => ({
    movesPixels: true,
    swapsAxes: swapsAxes(operation),
  })
  return { changes: 'pixels', apply, sizeAfter, makesColours: false, geometryOf }
}
