import { riffChunks } from './riff-chunks.ts'

/**
 * About the quality at which libwebp wrote a lossy image, or an animation's first lossy frame. libwebp divides an image
 * into up to four segments. Each has its own quantiser, which keeps a share of the detail. The mean of the logarithms of
 * these shares, weighted by area, matches the requested quality (VP8SetSegmentParams in quant_enc.c). The quantisers are
 * read from the frame header (RFC 6386, section 9). Undefined if there is no VP8 frame.
 */
export function webpQuality(webp: Uint8Array): number | undefined {
  const frame = vp8Frame(webp)
  if (!frame) return undefined
  const segments = segmentsOf(new BoolDecoder(frame.subarray(10)))
  // Quantisers are rounded down to whole numbers; on average that is half a step.
  const kept = ({ quantiser }: Segment) => Math.log(1 - Math.min(quantiser + 0.5, 126.5) / 127)
  const linear = Math.exp(3 * segments.reduce((sum, segment) => sum + segment.share * kept(segment), 0))
  // The inverse of QualityToCompression in quant_enc.c.
  const compression = linear < 0.5 ? linear * 1.5 : (linear + 1) / 2
  return Math.min(Math.max(Math.round(compression * 100), 1), 100)
}

/** The first VP8 frame. Those of an animation follow the 16 bytes of their frame's header. */
function vp8Frame(webp: Uint8Array, from?: number): Uint8Array | undefined {
  for (const { type, data } of riffChunks(webp, from)) {
    const frame =
      type === 'ANMF' ? vp8Frame(data, 16) : type === 'VP8 ' && data.length > 10 ? data : undefined
    if (frame) return frame
  }
  return undefined
}

/** The area with one quantiser, 0 to 127. The shares of all segments add up to 1. */
interface Segment {
  share: number
  quantiser: number
}

/** RFC 6386, 9.2 to 9.6: y_ac_qi, which segments may replace or add to, and the probability of each segment. */
function segmentsOf(bits: BoolDecoder): Segment[] {
  bits.literal(2) // colour space, clamping
  let quantisers = [0]
  let isAbsolute = false
  let likely = [255, 255, 255]
  if (bits.flag()) {
    const updatesMap = bits.flag()
    if (bits.flag()) {
      isAbsolute = bits.flag()
      quantisers = Array.from({ length: 4 }, () => (bits.flag() ? bits.signed(7) : 0))
      for (let segment = 0; segment < 4; segment++) if (bits.flag()) bits.signed(6)
    }
    if (updatesMap) likely = likely.map(() => (bits.flag() ? bits.literal(8) : 255))
  }
  bits.literal(1 + 6 + 3) // filter type, level, sharpness
  const adjustsFilter = bits.flag() && bits.flag()
  for (let delta = 0; adjustsFilter && delta < 8; delta++) if (bits.flag()) bits.signed(6)
  bits.literal(2) // partitions
  const base = bits.literal(7)
  const shares = quantisers.length === 1 ? [1] : sharesOf(likely)
  return quantisers.map((quantiser, index) => ({
    share: shares[index] ?? 0,
    quantiser: Math.min(Math.max(isAbsolute ? quantiser : base + quantiser, 0), 127),
  }))
}

/** Probabilities in a tree: the first two segments against the last two, then one against the other (RFC 6386, 9.3). */
function sharesOf(likely: readonly number[]): number[] {
  const [front = 1, first = 1, third = 1] = likely.map(probability => probability / 255)
  return [front * first, front * (1 - first), (1 - front) * third, (1 - front) * (1 - third)]
}

/** RFC 6386, section 7.3. After its end, the data reads as zeros. */
class BoolDecoder {
  readonly #data: Uint8Array
  #at = 2
  #value: number
  #range = 255
  #bits = 0

  constructor(data: Uint8Array) {
    this.#data = data
    this.#value = (data[0] ?? 0) * 256 + (data[1] ?? 0)
  }

  flag(): boolean {
    return this.literal(1) === 1
  }

  literal(count: number): number {
    let value = 0
    for (let bit = 0; bit < count; bit++) value = value * 2 + this.#bool()
    return value
  }

  signed(count: number): number {
    const magnitude = this.literal(count)
    return this.flag() ? -magnitude : magnitude
  }

  /** A bit of probability one half. */
  #bool(): number {
    const split = 1 + (((this.#range - 1) * 128) >> 8)
    const isOne = this.#value >= split * 256
    if (isOne) {
      this.#range -= split
      this.#value -= split * 256
    } else this.#range = split
    while (this.#range < 128) {
      this.#value *= 2
      this.#range *= 2
      this.#bits += 1
      if (this.#bits < 8) continue
      this.#bits = 0
      this.#value += this.#data[this.#at] ?? 0
      this.#at += 1
    }
    return isOne ? 1 : 0
  }
}
