import { NotWellFormed } from '../not-well-formed.ts'
import { type Frame, samplingOf } from './frame.ts'
import { expectNoError, withJpegKernel } from './jpeg-kernel.ts'
import { describePlanes, type Plane } from './planes.ts'
import type { QuantisationTable } from './quantisation-table.ts'
import { readJpegWith } from './read-jpeg.ts'
import { componentMask, type Scan } from './scan.ts'
import { copyIn, expectOnlyScan, prepareScan, type ScanHandler, type ScannedFile } from './scan-reader.ts'

/** Samples of 8 bits: grey, or red, green and blue. */
export interface Samples {
  width: number
  height: number
  channels: 1 | 3
  data: Uint8Array
}

/**
 * Decodes a sequential JPEG of one scan at an eighth of its size, rounded down, to the same samples as libjpeg in libvips.
 * The codes of all coefficients are followed to make sure that they are complete; only those are kept that matter at
 * this size.
 *
 * @throws NotWellFormed as `permuteJpeg` does, and for files that are progressive, have several scans or have chroma of
 * a quarter of luma's samples in both directions
 */
export function decodeEighth(input: Uint8Array): Samples {
  return withJpegKernel(kernel => {
    const { handler } = readJpegWith(kernel, input, file => new EighthDecoder(file))
    return handler.samples()
  })
}

class EighthDecoder implements ScanHandler {
  readonly #file: ScannedFile
  /** The components with four samples for each block, a bit each. */
  readonly #quadMask: number
  /** The samples of each component, in the order of its blocks. */
  readonly #planes: readonly Plane[]

  constructor(file: ScannedFile) {
    const { kernel, frame } = file
    this.#file = file
    this.#quadMask = quadMaskOf(frame)
    this.#planes = describePlanes(kernel, frame, (blocks, index) =>
      kernel.allocate(this.#quadMask & (1 << index) ? 4 * blocks : blocks),
    )
  }

  read(scan: Scan, from: number, interval: number): number {
    const { kernel, input, frame, tables } = this.#file
    expectOnlyScan(scan, frame)
    prepareScan(kernel, tables, scan)
    const start = copyIn(kernel, input)
    for (const [index, { table }] of frame.components.entries())
      new Uint8Array(kernel.memory.buffer, kernel.stepsAt.value + 64 * index).set(this.#stepsOf(table))
    const end = start + input.length
    const error = kernel.decodeEighth(start + from, end, componentMask(scan), interval, this.#quadMask)
    expectNoError(kernel, error)
    return kernel.scanEnd.value - start
  }

  samples(): Samples {
    const { kernel, frame } = this.#file
    const width = Math.max(1, Math.floor(frame.width / 8))
    const height = Math.max(1, Math.floor(frame.height / 8))
    const [luma] = this.#planes as [Plane]
    if (this.#planes.length === 1) {
      const data = new Uint8Array(width * height)
      for (let y = 0; y < height; y++)
        data.set(new Uint8Array(kernel.memory.buffer, luma.at + y * luma.across, width), y * width)
      return { width, height, channels: 1, data }
    }
    const bytes = 3 * width * height
    const target = kernel.allocate(bytes)
    kernel.eighthToRgb(this.#quadMask, width, height, target)
    return { width, height, channels: 3, data: new Uint8Array(kernel.memory.buffer, target, bytes).slice() }
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
function quadMaskOf(frame: Frame): number {
  const { horizontal, vertical } = samplingOf(frame)
  const most = Math.min(horizontal, vertical)
  if (most > 2) throw new NotWellFormed('the chroma has too few samples')
  return most === 2 ? 0b110 : 0
}
