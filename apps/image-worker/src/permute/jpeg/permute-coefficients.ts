import type { ChannelOrder } from '../channel-order.ts'
import { samplingOf } from './frame.ts'
import type { JpegKernel } from './jpeg-kernel.ts'
import type { Plane } from './planes.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import type { Jpeg } from './read-jpeg.ts'
import { type Weights, ycbcrPermutation } from './ycbcr-permutation.ts'
import { zigzag } from './zigzag.ts'

/** Permutes the colours of the coefficients in the kernel's memory, which are quantised by each component's table. */
export function permuteCoefficients(
  kernel: JpegKernel,
  { frame, planes, quantisation }: Jpeg,
  order: ChannelOrder,
): void {
  const [luma, chromaBlue, chromaRed] = quantisation
  if (order === 'rgb' || !luma || !chromaBlue || !chromaRed) return
  const floats = (at: number) => new Float32Array(kernel.memory.buffer, at)
  const { horizontal, vertical } = samplingOf(frame)
  const isSubsampled = horizontal * vertical > 1
  const permutation = ycbcrPermutation(order)
  const table = (weight: number, steps: QuantisationTable, scale: (coefficient: number) => number) =>
    Array.from(steps, (step, k) => weight * step * scale(k))
  const tables = ([blue, red]: Weights, scale: (coefficient: number) => number) => [
    ...table(blue, chromaBlue, scale),
    ...table(red, chromaRed, scale),
  ]
  floats(kernel.factorsAt.value).set([
    ...tables(permutation.chromaBlue, k => 1 / (chromaBlue[k] ?? 1)),
    ...tables(permutation.chromaRed, k => 1 / (chromaRed[k] ?? 1)),
    ...tables(permutation.luma, k => (isSubsampled ? (scales[k] ?? 1) / 8 : 1 / (luma[k] ?? 1))),
  ])
  if (!isSubsampled) {
    kernel.permuteWhole()
    return
  }
  new Uint8Array(kernel.memory.buffer).set(positions, kernel.positionsAt.value)
  const divisors = floats(kernel.divisorsAt.value)
  for (const [k, position] of positions.entries())
    divisors[position] = 1 / (8 * (luma[k] ?? 1) * (scales[k] ?? 1))
  const [width, height] = [Math.ceil(frame.width / horizontal), Math.ceil(frame.height / vertical)]
  // One more sample on each side of whole MCUs; four before, so that rows start where vectors do.
  const { across, down } = planes[1] as Plane
  const stride = (8 * across + 8) * Float32Array.BYTES_PER_ELEMENT
  const samples = kernel.allocate(stride * (8 * down + 2)) + stride + 16
  kernel.permuteChroma(samples, stride, width, height)
  kernel.shiftLuma(samples, stride, width, horizontal, vertical)
}

/** jddctmgr.c: the scale that the transform leaves to each frequency. */
const scaleOfFrequency = [1, 1.387039845, 1.306562965, 1.175875602, 1, 0.785694958, 0.5411961, 0.275899379]
const scales = zigzag.map(index => (scaleOfFrequency[index >> 3] ?? 1) * (scaleOfFrequency[index & 7] ?? 1))

/** With rows and columns of the transform's coefficients exchanged. */
const positions = zigzag.map(index => (index & 7) * 8 + (index >> 3))
