import type { ChannelOrder, Operation } from '@darkroom/contracts'
import { compose } from '../permute/channel-order.ts'

/** The one permutation that several in a row come to. */
export function channelOrderOf(operations: readonly Operation[]): ChannelOrder {
  return operations.reduce<ChannelOrder>((order, operation) => compose(order, operation.order), 'rgb')
}
