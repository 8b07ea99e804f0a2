import type { ChannelOrder, Operation, OutputFormat } from '@darkroom/contracts'
import { compose } from '../permute/channel-order.ts'
import { operationKinds } from './operations/index.ts'
import type { OperationKind } from './operations/operation-kind.ts'
import type { Output, Raster } from './raster.ts'

/** One step on pixels. `maxPixels` is what the result may have at the most. */
export type Step = (frame: Raster, maxPixels: number) => Raster | Promise<Raster>

export interface Plan {
  steps: Step[]
  output: Output
  /** The one permutation that all steps come to, where they do nothing else. */
  permutation: ChannelOrder | undefined
}

/** Sorts operations into what is done to the pixels, in their order, and how the result is written. */
export function planOf(operations: readonly Operation[], format: OutputFormat): Plan {
  const plan: Plan = { steps: [], output: { format, metadata: 'strip' }, permutation: 'rgb' }
  for (const operation of operations) {
    const kind = operationKinds[operation.name] as OperationKind<never>
    if (kind.changes === 'output') {
      plan.output = kind.choose(plan.output, operation as never)
      continue
    }
    plan.steps.push((frame, maxPixels) => kind.apply(frame, operation as never, maxPixels))
    const isPermutation = operation.name === 'swap-channels' && plan.permutation !== undefined
    plan.permutation = isPermutation ? compose(plan.permutation ?? 'rgb', operation.order) : undefined
  }
  return plan
}
