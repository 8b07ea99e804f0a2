import { freeNow } from '../../free-now.ts'
import type { Samples } from './raster.ts'

/**
 * Gives invisible pixels the colour of the nearest pixel that is clearly visible, so that a filter or a lossy format
 * doesn't mix their own colours, mostly black, into visible edges. The colours of faint pixels are too inexact to be
 * spread. Works in place; the last channel is the opacity.
 */
export function spreadColours(samples: Samples, width: number, channels: 2 | 4): void {
  const leastOpacity = samples instanceof Uint16Array ? 16 * 257 : 16
  const opacityOf = (pixel: number) => samples[channels * (pixel + 1) - 1] as number
  const pixels = samples.length / channels
  const nearest = new Uint32Array(pixels)
  /** In steps across and down; the largest number if no pixel was found yet. */
  const distances = new Uint16Array(pixels)
  for (let pixel = 0; pixel < pixels; pixel++) {
    nearest[pixel] = pixel
    if (opacityOf(pixel) < leastOpacity) distances[pixel] = 0xffff
  }
  const takeIfNearer = (pixel: number, neighbour: number) => {
    const distance = (distances[neighbour] as number) + 1
    if (distance >= (distances[pixel] as number)) return
    distances[pixel] = distance
    nearest[pixel] = nearest[neighbour] as number
  }
  for (let pixel = 1; pixel < pixels; pixel++) {
    if (pixel % width > 0) takeIfNearer(pixel, pixel - 1)
    if (pixel >= width) takeIfNearer(pixel, pixel - width)
  }
  for (let pixel = pixels - 1; pixel >= 0; pixel--) {
    if ((pixel + 1) % width > 0) takeIfNearer(pixel, pixel + 1)
    if (pixel + width < pixels) takeIfNearer(pixel, pixel + width)
    if (opacityOf(pixel) > 0) continue
    const from = channels * (nearest[pixel] as number)
    samples.copyWithin(channels * pixel, from, from + channels - 1)
  }
  freeNow(nearest)
  freeNow(distances)
}
