import { type ChannelOrder, channelOrders } from '@darkroom/contracts'

/** A permutation of the colour channels is written as the original's channels that become r, g and b. */
export { type ChannelOrder, channelOrders }

const sources: Record<ChannelOrder, readonly [number, number, number]> = {
  rgb: [0, 1, 2],
  rbg: [0, 2, 1],
  grb: [1, 0, 2],
  gbr: [1, 2, 0],
  brg: [2, 0, 1],
  bgr: [2, 1, 0],
}

/** For the result's r, g and b: the index of the original's channel that each comes from ('gbr' is [1, 2, 0]). */
export function sourceChannels(order: ChannelOrder): readonly [number, number, number] {
  return sources[order]
}

/** The permutation that is equal to `first` followed by `second`. */
export function compose(first: ChannelOrder, second: ChannelOrder): ChannelOrder {
  const channels = [...first]
  return orderNamed(sources[second].map(source => channels[source]).join(''))
}

function orderNamed(name: string): ChannelOrder {
  const order = channelOrders.find(candidate => candidate === name)
  if (order === undefined) throw new TypeError(`"${name}" is not a channel order`)
  return order
}
