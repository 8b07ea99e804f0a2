import type { ChannelOrder } from '../channel-order.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import { colourMix, type Weights } from './colour-mix.ts'
import type { Frame } from './frame.ts'
import { expectNoError, type JpegKernel } from './jpeg-kernel.ts'
import { zigzag } from './jpeg-markers.ts'
import type { Scan } from './scan.ts'

/** Steps of quantisation, in zigzag order. */
export type Steps = Uint8Array

/** An image's quantised coefficients, in the kernel's memory: what is read into them, mixed, and written. */
export class Coefficients {
  readonly kernel: JpegKernel
  readonly #frame: Frame
  readonly #input: number
  readonly #inputBytes: number
  /** By kind, 16 for AC, and number. */
  readonly #defined = new Set<number>()
  /** Samples of luma to one of chroma. */
  readonly #across: number
  readonly #down: number

  constructor(input: Uint8Array, frame: Frame, kernel: JpegKernel) {
    this.kernel = kernel
    this.#frame = frame
    this.#across = frame.components[0]?.across ?? 1
    this.#down = frame.components[0]?.down ?? 1
    this.#inputBytes = input.length
    // Behind it, ones, so that looking ahead ends.
    this.#input = this.kernel.allocate(input.length + 16)
    this.bytes(this.#input, input.length).set(input)
    this.bytes(this.#input + input.length, 16).fill(0xff)
    const unitsAcross = Math.ceil(frame.width / (8 * this.#across))
    const unitsDown = Math.ceil(frame.height / (8 * this.#down))
    for (const [index, { across, down }] of frame.components.entries()) {
      const [wide, high] = [unitsAcross * across, unitsDown * down]
      const plane = kernel.allocateZeros(wide * high * 128)
      const ownAcross = Math.ceil(Math.ceil((frame.width * across) / this.#across) / 8)
      const ownDown = Math.ceil(Math.ceil((frame.height * down) / this.#down) / 8)
      this.kernel.setComponent(index, plane, wide, high, ownAcross, ownDown, across, down)
    }
  }

  /** Part of the kernel's memory; it is another buffer when more was allocated. */
  bytes(at: number, length: number): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.kernel.memory.buffer, at, length)
  }

  /** The tables of a DHT segment (T.81, B.2.4.2), for scans that come behind it. */
  defineHuffmanTables(data: Buffer): void {
    for (let at = 0; at < data.length; ) {
      const kind = data.readUInt8(at)
      const counts = data.subarray(at + 1, at + 17)
      const total = counts.reduce((sum, count) => sum + count, 0)
      const table = data.subarray(at + 1, at + 17 + total)
      if ((kind & 0xec) !== 0 || total > 256 || table.length < 16 + total)
        throw new NotWellFormed('a Huffman table is cut off or of an unknown kind')
      const room = this.kernel.allocate(table.length)
      this.bytes(room, table.length).set(table)
      if (!this.kernel.defineDecodeTable(kind >> 4, kind & 3, room, room + 16))
        throw new NotWellFormed('a Huffman table has more codes than there are')
      this.#defined.add(kind)
      at += 17 + total
    }
  }

  /** Reads a scan whose data begin at this byte of the input; gives where they end, at a marker. */
  readScan(scan: Scan, from: number, interval: number): number {
    let [scanned, tables] = [0, 0]
    for (const { index, dcTable, acTable } of scan.components) {
      const usesDc = scan.first === 0 && scan.high === 0
      const usesAc = scan.last > 0
      if ((usesDc && !this.#defined.has(dcTable)) || (usesAc && !this.#defined.has(16 + acTable)))
        throw new NotWellFormed('a Huffman table is missing')
      scanned |= 1 << index
      tables |= ((dcTable << 4) | acTable) << (8 * index)
    }
    const { isProgressive, first, last, high, low } = scan
    const [start, end] = [this.#input + from, this.#input + this.#inputBytes]
    expectNoError(
      this.kernel.decodeScan(start, end, scanned, tables, interval, isProgressive, first, last, high, low),
    )
    return this.kernel.scanEnd.value - this.#input
  }

  /** Permutes the colours, with the steps of each component. */
  permute(order: ChannelOrder, [luma, chromaBlue, chromaRed]: readonly Steps[]): void {
    if (order === 'rgb' || !luma || !chromaBlue || !chromaRed) return
    const isCoarser = this.#across * this.#down > 1
    const mix = colourMix(order)
    const steps = [chromaBlue, chromaRed] as const
    const tables = [
      ...this.#factors(mix.chromaBlue, steps, k => 1 / (chromaBlue[k] ?? 1)),
      ...this.#factors(mix.chromaRed, steps, k => 1 / (chromaRed[k] ?? 1)),
      ...this.#factors(mix.luma, steps, k => (isCoarser ? (scales[k] ?? 1) / 8 : 1 / (luma[k] ?? 1))),
    ]
    this.#floats(this.kernel.factorsAt.value, 6 * 64).set(tables.flat())
    if (isCoarser) this.#mixCoarser(luma)
    else this.kernel.mixWhole()
  }

  #mixCoarser(luma: Steps): void {
    this.bytes(this.kernel.positionsAt.value, 64).set(positions)
    const divisors = this.#floats(this.kernel.divisorsAt.value, 64)
    for (const [k, position] of positions.entries())
      divisors[position] = 1 / (8 * (luma[k] ?? 1) * (scales[k] ?? 1))
    const { width, height } = this.#frame
    const [columns, rows] = [Math.ceil(width / this.#across), Math.ceil(height / this.#down)]
    const unitsAcross = Math.ceil(columns / 8)
    const unitsDown = Math.ceil(rows / 8)
    // A sample more on each side; four before, so that rows start where vectors do.
    const stride = (unitsAcross * 8 + 8) * 4
    const samples = this.kernel.allocate(stride * (unitsDown * 8 + 2)) + stride + 16
    this.kernel.mixChroma(samples, stride, columns, rows)
    this.kernel.addToLuma(samples, stride, this.#across, this.#down)
  }

  #factors(
    weights: Weights,
    steps: readonly [Steps, Steps],
    scale: (coefficient: number) => number,
  ): [number[], number[]] {
    const table = (index: 0 | 1) => zigzag.map((_, k) => weights[index] * (steps[index][k] ?? 1) * scale(k))
    return [table(0), table(1)]
  }

  #floats(at: number, length: number): Float32Array {
    return new Float32Array(this.kernel.memory.buffer, at, length)
  }
}

/** jddctmgr.c: what the transform leaves each frequency to be scaled by. */
const scaleOfFrequency = [1, 1.387039845, 1.306562965, 1.175875602, 1, 0.785694958, 0.5411961, 0.275899379]
const scales = zigzag.map(index => (scaleOfFrequency[index >> 3] ?? 1) * (scaleOfFrequency[index & 7] ?? 1))

/** Rows and columns of the transform's coefficients are exchanged. */
const positions = zigzag.map(index => (index & 7) * 8 + (index >> 3))
