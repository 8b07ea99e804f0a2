import type { Operation } from '@darkroom/contracts'
import type { ResizeOptions, Sharp } from 'sharp'
import type { Rectangle, Size } from '../../permute/rectangle.ts'
import { swapsAxes, type Turn } from '../../permute/turn.ts'
import { operationKinds } from '../operations/index.ts'
import type { Effect } from '../operations/operation-kind.ts'

interface Padding {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
  readonly background: string
}

/** The parts of a call to sharp, in the order in which sharp does them. */
export interface CallParts {
  readonly cut?: Rectangle
  /** A turn that must come before the resizing: sharp then has no other turn in this call. */
  readonly turnBefore?: Turn
  readonly resize?: ResizeOptions
  /** The size after the resizing, before the turn. */
  readonly resized?: Size
  /** Whether the data of all pixels were checked, so that sharp need not decode rows that are cut off. */
  readonly isChecked: boolean
  /** Whether sharp may pad or cut the image that it resized, after the turn. */
  readonly isBoxed: boolean
  readonly turn: Turn
  readonly rotation?: number
  readonly cutAgain?: Rectangle
  readonly padding?: Padding
  readonly effects: readonly Operation[]
}

/** Configures sharp for a call. */
export function writeParts(image: Sharp, parts: CallParts): Sharp {
  const { cut, turnBefore, resize, rotation, cutAgain, padding, effects } = parts
  if (cut) image.extract(cut)
  if (turnBefore) writeTurnBefore(image, turnBefore)
  if (resize) image.resize(resize)
  if (!turnBefore) writeTurn(image, parts)
  if (rotation !== undefined) image.rotate(rotation, { background: '#ffffff' })
  if (cutAgain) image.extract(cutAgain)
  if (padding) image.extend(padding)
  for (const operation of effects) effectOf(operation)?.write(image, operation as never)
  return image
}

/** sharp turns before it resizes if a rotation is requested first. It flips and flops before the rotation. */
function writeTurnBefore(image: Sharp, { mirrored, angle }: Turn): void {
  if (angle !== 0) image.flop(mirrored).rotate(angle)
  else image.flip(mirrored).rotate(180)
}

/**
 * sharp does a flip and a flop before a rotation, in whichever order they are requested. Before a flip or a rotation it
 * must request all rows of the resized image: otherwise, a cut afterwards would leave the original's last rows
 * undecoded, and damage in them would not be found.
 */
function writeTurn(image: Sharp, { turn, isChecked, isBoxed, cutAgain }: CallParts): void {
  const { mirrored, angle } = turn
  const isUpsideDown = angle === 180
  const needsAllRows = !isChecked && (isBoxed || cutAgain !== undefined)
  if (swapsAxes(turn)) image.flop(mirrored).rotate(angle)
  else if (needsAllRows && !isUpsideDown) image.flip().flop(!mirrored).rotate(180)
  else image.flip(isUpsideDown).flop(mirrored !== isUpsideDown)
}

/** The effect of an operation in a call; undefined for an operation that moves pixels, or that sharp can't do. */
export function effectOf({ name }: Operation): Effect<never> | undefined {
  const kind = operationKinds[name]
  return kind.changes === 'pixels' ? (kind.effect as Effect<never> | undefined) : undefined
}
