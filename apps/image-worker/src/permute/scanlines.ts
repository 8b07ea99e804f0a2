import { endianness } from 'node:os'
import type { ChannelOrder } from './channel-order.ts'
import { NotWellFormed } from './not-well-formed.ts'
import { permuteSamplePairs, permuteSamples } from './permute-samples.ts'
import type { PngHeader, PngPass } from './png-header.ts'

/** What is done to scanlines as they stream by; both may change the bytes in place. */
export interface ScanlineVisitor {
  /** At a row's filter byte, `bytes[at]`. */
  filter(bytes: Uint8Array, at: number): void
  /** A run of a row's bytes, a whole number of units. */
  samples(bytes: Uint8Array): void
}

/** Follows the inflated stream of an image, which comes in blocks cut anywhere, from row to row. */
export class ScanlineWalk {
  readonly #passes: readonly PngPass[]
  readonly #unitBytes: number
  #pass = 0
  #row = 0
  #left = 0

  /** @param unitBytes Runs of samples are cut at multiples of this only: the bytes of a pixel, or 1. */
  constructor(passes: readonly PngPass[], unitBytes: number) {
    this.#passes = passes
    this.#unitBytes = unitBytes
  }

  clone(): ScanlineWalk {
    const clone = new ScanlineWalk(this.#passes, this.#unitBytes)
    clone.#pass = this.#pass
    clone.#row = this.#row
    clone.#left = this.#left
    return clone
  }

  /** Visits the whole units of `bytes`; gives how many bytes these were: the rest belongs before the next block. */
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
    if (pass === undefined) throw new NotWellFormed('there are more scanlines than the header announces')
    this.#row += 1
    return pass.rowBytes
  }
}

/** Looks at the filter bytes only. */
export const checkFilters: ScanlineVisitor = {
  filter(bytes, at) {
    if ((bytes[at] as number) > 4) throw new NotWellFormed('a scanline has an unknown filter type')
  },
  samples() {},
}

/**
 * Permutes the samples of scanlines that stay filtered. A filter predicts a byte from bytes of the same channel
 * to the left, above and between (PNG 3rd edition, 9.2), each channel by itself, so it commutes with a
 * permutation of the channels: nothing has to be unfiltered.
 */
export function scanlinePermuter(header: PngHeader, order: ChannelOrder): ScanlineVisitor {
  const channels = header.colorType === 6 ? 4 : 3
  const permute = header.bitDepth === 16 ? permuteSamplePairs : permuteSamples
  return { filter: checkFilters.filter, samples: bytes => permute(bytes, channels, order) }
}

/**
 * Gives unfiltered rows the filter Sub: each byte less the one a pixel to the left. Whether a row is filtered
 * touches no other row, since filters predict from the unfiltered samples. While `isOn` is false, rows that
 * start are left as they are.
 */
export class SubFilter implements ScanlineVisitor {
  isOn = false
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
    const last = new Uint8Array(bytes.subarray(-pixelBytes))
    subtractLeft(bytes, pixelBytes)
    for (let at = 0; at < pixelBytes; at += 1) {
      bytes[at] = (bytes[at] as number) - (this.#left[at] as number)
    }
    this.#left.set(last)
  }
}

/**
 * Each byte less the one `pixelBytes` before it, from the second pixel on. For pixels of three bytes, four at once:
 * bit 7 of each byte is kept out of the subtraction, so that no byte borrows from the next, and set right after.
 */
function subtractLeft(bytes: Uint8Array, pixelBytes: number): void {
  const wordsStart = -bytes.byteOffset & 3
  const wordCount = (bytes.length - wordsStart) >> 2
  if (pixelBytes !== 3 || wordCount < 1 || !isLittleEndian) {
    subtractBytes(bytes, pixelBytes, pixelBytes, bytes.length)
    return
  }
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + wordsStart, wordCount)
  subtractBytes(bytes, pixelBytes, wordsStart + wordCount * 4, bytes.length)
  for (let at = wordCount - 1; at > 0; at -= 1) {
    const word = words[at] as number
    const left = ((words[at - 1] as number) >>> 8) | (word << 24)
    words[at] = ((word | 0x80808080) - (left & 0x7f7f7f7f)) ^ ((word ^ ~left) & 0x80808080)
  }
  subtractBytes(bytes, pixelBytes, pixelBytes, wordsStart + 4)
}

const isLittleEndian = endianness() === 'LE'

function subtractBytes(bytes: Uint8Array, pixelBytes: number, start: number, end: number): void {
  for (let at = end - 1; at >= start; at -= 1) {
    bytes[at] = (bytes[at] as number) - (bytes[at - pixelBytes] as number)
  }
}
