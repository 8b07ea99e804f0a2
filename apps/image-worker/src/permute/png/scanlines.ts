import type { ChannelOrder } from '../channel-order.ts'
import { NotWellFormed } from '../not-well-formed.ts'
import { permuteSamplePairs, permuteSamples } from '../permute-samples.ts'
import { deflateKernel } from './deflate-kernel.ts'
import type { PngHeader, PngPass } from './header.ts'

/** Handles scanlines as they stream by. Both methods may change the bytes in place. */
export interface ScanlineVisitor {
  /** Called at a row's filter byte, `bytes[at]`. */
  filter(bytes: Uint8Array, at: number): void
  /** Called with a run of a row's bytes: a whole number of units. */
  samples(bytes: Uint8Array): void
}

/** Follows the inflated stream of an image from row to row. The blocks may be cut anywhere. */
export class ScanlineWalk {
  readonly #passes: readonly PngPass[]
  readonly #unitBytes: number
  #pass = 0
  #row = 0
  #left = 0

  /** @param unitBytes Runs of samples are cut only at multiples of this: the bytes of a pixel, or 1. */
  constructor(passes: readonly PngPass[], unitBytes: number) {
    this.#passes = passes
    this.#unitBytes = unitBytes
  }

  /** Bytes of the current row that are still to come. */
  get left(): number {
    return this.#left
  }

  clone(): ScanlineWalk {
    const clone = new ScanlineWalk(this.#passes, this.#unitBytes)
    clone.#pass = this.#pass
    clone.#row = this.#row
    clone.#left = this.#left
    return clone
  }

  /** Visits the whole units of `bytes`. Returns the number of bytes visited; the rest belongs before the next block. */
  visit(bytes: Uint8Array, visitor: ScanlineVisitor): number {
    let at = 0
    while (at < bytes.length) {
      if (this.#left === 0) {
        this.#left = this.#startRow()
        visitor.filter(bytes, at)
        at += 1
      } else {
        const length = Math.min(this.#left, bytes.length - at)
        const whole = length - (length % this.#unitBytes)
        if (whole === 0) break
        visitor.samples(bytes.subarray(at, at + whole))
        this.#left -= whole
        at += whole
      }
    }
    return at
  }

  #startRow(): number {
    let pass = this.#passes[this.#pass]
    if (pass !== undefined && this.#row === pass.rows) {
      this.#pass += 1
      this.#row = 0
      pass = this.#passes[this.#pass]
    }
    if (pass === undefined) throw new NotWellFormed('there are more scanlines than the header declares')
    this.#row += 1
    return pass.rowBytes
  }
}

/** Checks only the filter bytes. */
export const checkFilters: ScanlineVisitor = {
  filter(bytes, at) {
    if ((bytes[at] as number) > 4) throw new NotWellFormed('a scanline has an unknown filter type')
  },
  samples() {},
}

/**
 * Permutes the samples of scanlines without unfiltering them. A filter predicts a byte from bytes of the same channel
 * to the left, above and between (PNG 3rd edition, 9.2), each channel by itself, so it commutes with a permutation of
 * the channels.
 */
export function scanlinePermuter(header: PngHeader, order: ChannelOrder): ScanlineVisitor {
  const channels = header.colorType === 6 ? 4 : 3
  const permute = header.bitDepth === 16 ? permuteSamplePairs : permuteSamples
  return { filter: checkFilters.filter, samples: bytes => permute(bytes, channels, order) }
}

/** Calls visitors in turn, each on the result of the previous visitor. */
export function inTurn(...visitors: readonly ScanlineVisitor[]): ScanlineVisitor {
  return {
    filter(bytes, at) {
      for (const visitor of visitors) visitor.filter(bytes, at)
    },
    samples(bytes) {
      for (const visitor of visitors) visitor.samples(bytes)
    },
  }
}

/**
 * Gives unfiltered rows the filter Sub: each byte minus the byte one pixel to the left. Filtering a row doesn't affect
 * other rows, because filters predict from the unfiltered samples. While `isOn` is false, rows that start stay as they
 * are. The bytes must be in the deflate kernel's room.
 */
export class SubFilter implements ScanlineVisitor {
  isOn = false
  readonly #kernel = deflateKernel()
  readonly #pixelBytes: number
  readonly #left: Uint8Array
  #isFiltering = false

  constructor(pixelBytes: number) {
    this.#pixelBytes = pixelBytes
    this.#left = new Uint8Array(pixelBytes)
  }

  clone(): SubFilter {
    const clone = new SubFilter(this.#pixelBytes)
    clone.isOn = this.isOn
    clone.#left.set(this.#left)
    clone.#isFiltering = this.#isFiltering
    return clone
  }

  filter(bytes: Uint8Array, at: number): void {
    this.#isFiltering = this.isOn && bytes[at] === 0
    if (!this.#isFiltering) return
    bytes[at] = 1
    this.#left.fill(0)
  }

  samples(bytes: Uint8Array): void {
    if (!this.#isFiltering) return
    const pixelBytes = this.#pixelBytes
    const last = bytes.slice(-pixelBytes)
    this.#kernel.subtractLeft(bytes, pixelBytes)
    for (let at = 0; at < pixelBytes; at += 1) {
      bytes[at] = (bytes[at] as number) - (this.#left[at] as number)
    }
    this.#left.set(last)
  }
}
