import { NotWellFormed } from '../not-well-formed.ts'
import { type Frame, samplingOf } from './frame.ts'
import { expectNoError, withJpegKernel } from './jpeg-kernel.ts'
import { describePlanes, type Plane } from './planes.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import { readJpegWith } from './read-jpeg.ts'
import type { Scan } from './scan.ts'
import { openOnlyScan, type ScanHandler, type ScannedFile } from './scan-reader.ts'

/** Samples of 8 bits: grey, or red, green and blue. */
export interface Samples {
  width: number
  height: number
  channels: 1 | 3
  data: Uint8Array
}

/** How many times smaller an image is decoded, across and down. */
export type Divisor = 4 | 8

/**
 * Decodes a sequential JPEG of one scan at a quarter or an eighth of its size, rounded down. The samples are those of
 * libjpeg in libvips, but without the coefficients of frequencies that are too high for this size: libjpeg adds their
 * share of each mean. The codes of all coefficients are followed to make sure that they are complete.
 *
 * @param use gets the samples in the kernel's memory, which is used again afterwards
 * @throws NotWellFormed as `permuteJpeg` does, and for files that are progressive, have several scans, have chroma of a
 * quarter of luma's samples in both directions, or sampling factors with a common divisor
 */
export function decodeReduced<Result>(
  input: Uint8Array,
  divisor: Divisor,
  use: (samples: Samples) => Result,
): Result {
  return withJpegKernel(kernel => {
    const { handler } = readJpegWith(kernel, input, file => new ReducedDecoder(file, divisor))
    return use(handler.samples())
  })
}

class ReducedDecoder implements ScanHandler {
  readonly #file: ScannedFile
  readonly #divisor: Divisor
  /** How many samples a block of each component has across, and down. */
  readonly #sides: readonly number[]
  /** The samples of each component, in rows from the top. */
  readonly #planes: readonly Plane[]

  constructor(file: ScannedFile, divisor: Divisor) {
    const { kernel, frame } = file
    this.#file = file
    this.#divisor = divisor
    this.#sides = sidesOf(frame, divisor)
    this.#planes = describePlanes(kernel, frame, (blocks, index) =>
      kernel.allocate(blocks * this.#sideOf(index) ** 2),
    )
  }

  read(scan: Scan, from: number, interval: number): number {
    const { kernel, frame } = this.#file
    const { start, end, mask, copy } = openOnlyScan(this.#file, scan)
    for (const [index, { table }] of frame.components.entries())
      new Uint8Array(kernel.memory.buffer, kernel.stepsAt.value + 64 * index).set(this.#stepsOf(table))
    const error = kernel.decodeReduced(start + from, end, mask, interval, this.#packedSides, copy)
    expectNoError(kernel, error)
    return kernel.scanEnd.value - start
  }

  samples(): Samples {
    const { kernel, frame } = this.#file
    const width = Math.max(1, Math.floor(frame.width / this.#divisor))
    const height = Math.max(1, Math.floor(frame.height / this.#divisor))
    const [luma] = this.#planes as [Plane]
    if (this.#planes.length === 1) {
      const stride = luma.across * this.#sideOf(0)
      const data = new Uint8Array(width * height)
      for (let y = 0; y < height; y++)
        data.set(new Uint8Array(kernel.memory.buffer, luma.at + y * stride, width), y * width)
      return { width, height, channels: 1, data }
    }
    const bytes = 3 * width * height
    const target = kernel.allocate(bytes)
    const { horizontal, vertical } = samplingOf(frame)
    const side = this.#sideOf(1)
    const chromaWidth = Math.ceil((frame.width * side) / (8 * horizontal))
    const chromaHeight = Math.ceil((frame.height * side) / (8 * vertical))
    kernel.reducedToRgb(this.#packedSides, width, height, chromaWidth, chromaHeight, target)
    return { width, height, channels: 3, data: new Uint8Array(kernel.memory.buffer, target, bytes) }
  }

  #sideOf(index: number): number {
    return this.#sides[index] ?? 1
  }

  /** A byte for each component. */
  get #packedSides(): number {
    return this.#sides.reduce((packed, side, index) => packed | (side << (8 * index)), 0)
  }

  #stepsOf(table: number): QuantisationTable {
    const steps = this.#file.quantisation.get(table)
    if (!steps) throw new NotWellFormed('a quantisation table is missing')
    return steps
  }
}

/**
 * libjpeg decodes chroma that has fewer samples than luma in both directions at a larger size, so that it need not be
 * scaled up (jdmaster.c, jpeg_calc_output_dimensions).
 */
function sidesOf(frame: Frame, divisor: Divisor): number[] {
  const { horizontal, vertical } = samplingOf(frame)
  const least = Math.min(horizontal, vertical)
  if (least > 2) throw new NotWellFormed('the chroma has too few samples')
  if (frame.components.slice(1).some(chroma => chroma.horizontal * chroma.vertical > 1))
    throw new NotWellFormed('the sampling factors have a common divisor')
  const side = 8 / divisor
  return frame.components.map((_, index) => (index === 0 ? side : side * least))
}
