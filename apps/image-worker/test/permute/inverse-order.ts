import { type ChannelOrder, channelOrders, compose } from '../../src/permute/channel-order.ts'

/** The permutation that undoes `order`. */
export function inverseOrder(order: ChannelOrder): ChannelOrder {
  const found = channelOrders.find(other => compose(order, other) === 'rgb')
  if (!found) throw new Error(`no permutation undoes ${order}`)
  return found
}
