import type { OperationName, OperationNamed } from '@darkroom/contracts'
import type { Output, Raster } from '../raster.ts'

/** Changes one frame; the result may have at most `maxPixels`. May work in place. */
type Apply<Name extends OperationName> = (
  frame: Raster,
  operation: OperationNamed<Name>,
  maxPixels: number,
) => Raster | Promise<Raster>

/** What an operation does: it changes the pixels of each frame, or chooses how the result is written. */
export type OperationKind<Name extends OperationName> =
  | { changes: 'pixels'; apply: Apply<Name> }
  | { changes: 'output'; choose(output: Output, operation: OperationNamed<Name>): Output }

/** An operation on pixels. */
export function onPixels<Name extends OperationName>(apply: Apply<Name>): OperationKind<Name> {
  return { changes: 'pixels', apply }
}
