import type { ChannelOrder, Operation } from '@darkroom/contracts'
import type { ImageFormat } from '@darkroom/image-header'
import { compose } from '../permute/channel-order.ts'
import type { Size } from '../permute/rectangle.ts'
import { composeTurns, isTurned, noTurn, type Turn } from '../permute/turn.ts'
import { usualResult } from './format-abilities.ts'
import { type Geometry, unmoved } from './geometry.ts'
import { operationKinds } from './operations/index.ts'
import type { OperationKind } from './operations/operation-kind.ts'
import { turnOf } from './operations/turn-of.ts'
import type { Output } from './output.ts'
import type { Raster } from './raster/raster.ts'

/** One step on the pixels of all frames, which are alike, and its effect on the size of a frame. */
export interface Step {
  apply(frames: Raster[]): Promise<Raster[]>
  sizeAfter(size: Size): Size
  /** The size of an intermediate image. */
  sizeWithin(size: Size): Size
  /** Whether the size may be any up to `sizeAfter`. */
  isSizeOpen: boolean
}

/** A permutation and a turn, in any order: neither depends on the other. */
export interface Rearrangement {
  order: ChannelOrder
  turn: Turn
}

export interface Plan {
  steps: Step[]
  /** The operations of the steps, in the same order. */
  operations: Operation[]
  output: Output
  /** Whether a step computes colours, instead of only moving them or mixing neighbours. */
  makesColours: boolean
  /** Whether a step gives colour to a grey image. */
  coloursGrey: boolean
  /** Whether a step makes pixels transparent. */
  addsTransparency: boolean
  /** One permutation and one turn that are equal to all steps together; undefined if a step does anything else. */
  rearrangement: Rearrangement | undefined
  /** One permutation that is equal to all steps together; undefined if a step does anything else. */
  permutation: ChannelOrder | undefined
  /** How all steps together move pixels. */
  geometry: Geometry
}

/** Sorts operations into steps on the pixels, in order, and settings for writing the result. */
export function planOf(operations: readonly Operation[], format: ImageFormat): Plan {
  const plan: Plan = {
    steps: [],
    operations: [],
    output: { format: usualResult(format), metadata: 'strip' },
    makesColours: false,
    coloursGrey: false,
    addsTransparency: false,
    rearrangement: { order: 'rgb', turn: noTurn },
    permutation: undefined,
    geometry: { ...unmoved },
  }
  for (const operation of operations.flatMap(partsOf)) {
    const kind = kindOf(operation)
    if (kind.changes === 'output') {
      plan.output = kind.choose(plan.output, operation as never)
      continue
    }
    plan.operations.push(operation)
    plan.steps.push({
      apply: frames => kind.apply(frames, operation as never),
      sizeAfter: size => kind.sizeAfter(size, operation as never),
      sizeWithin: size => (kind.sizeWithin ?? kind.sizeAfter)(size, operation as never),
      isSizeOpen: kind.isSizeOpen ?? false,
    })
    plan.makesColours ||= kind.makesColours(operation as never)
    plan.coloursGrey ||= kind.coloursGrey?.(operation as never) ?? false
    plan.addsTransparency ||= kind.addsTransparency(operation as never)
    const { movesPixels, changesView, swapsAxes } = kind.geometryOf(operation as never)
    plan.geometry.movesPixels ||= movesPixels
    plan.geometry.changesView ||= changesView
    plan.geometry.swapsAxes = plan.geometry.swapsAxes !== swapsAxes
    plan.rearrangement &&= withOperation(plan.rearrangement, operation)
  }
  const { order, turn } = plan.rearrangement ?? {}
  if (turn && !isTurned(turn)) plan.permutation = order
  return plan
}

function kindOf({ name }: Operation): OperationKind<never> {
  return operationKinds[name] as OperationKind<never>
}

/** The operation itself, or the simpler operations that do the same. */
function partsOf(operation: Operation): Operation[] {
  const kind = kindOf(operation)
  const parts = kind.changes === 'pixels' ? kind.partsOf?.(operation as never) : undefined
  return parts?.flatMap(partsOf) ?? [operation]
}

function withOperation({ order, turn }: Rearrangement, operation: Operation): Rearrangement | undefined {
  if (operation.name === 'swap-channels') return { order: compose(order, operation.order), turn }
  const next = turnOf(operation)
  return next && { order, turn: composeTurns(turn, next) }
}

/** Whether the job only permutes the colours of an image. */
export function isPermutation(
  { format }: { format: ImageFormat },
  plan: Plan,
): plan is Plan & { permutation: ChannelOrder } {
  return plan.permutation !== undefined && plan.output.format === format
}
