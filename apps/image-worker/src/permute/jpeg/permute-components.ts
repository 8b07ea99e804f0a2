import { type ChannelOrder, sourceChannels } from '../channel-order.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import { unitOf } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import type { Jpeg } from './read-jpeg.ts'

/**
 * Exchanges the components of an image in the kernel's memory, which are red, green and blue.
 *
 * @throws NotWellFormed when their sizes differ
 */
export function permuteComponents(kernel: JpegKernel, jpeg: Jpeg, order: ChannelOrder): Jpeg {
  const { horizontal, vertical } = unitOf(jpeg.frame)
  if (jpeg.planes.length !== 3 || horizontal * vertical > 1)
    throw new NotWellFormed('the components differ in size')
  const moved = <Part>(parts: readonly Part[]) => sourceChannels(order).map(source => parts[source] as Part)
  const planes = moved(jpeg.planes)
  const [across, down] = [Math.ceil(jpeg.frame.width / 8), Math.ceil(jpeg.frame.height / 8)]
  for (const [index, { at }] of planes.entries())
    kernel.setComponent(index, at, across, down, across, down, 1, 1)
  return { ...jpeg, planes, quantisation: moved(jpeg.quantisation) }
}
