import type { Operation } from '@darkroom/contracts'
import { flip, flop, type Turn, turnBy } from '../../permute/turn.ts'

/** The turn that an operation does; undefined for all other operations. */
export function turnOf(operation: Operation): Turn | undefined {
  switch (operation.name) {
    case 'flip':
      return flip
    case 'flop':
      return flop
    case 'rotate':
      return turnBy(operation.angle)
    default:
      return undefined
  }
}
