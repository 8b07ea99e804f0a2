/**
 * About the quality at which libwebp wrote a lossy still image: read off the frame's base quantiser (RFC 6386,
 * section 9), taken back through libwebp's curve (QualityToCompression in quant_enc.c). Undefined when there is
 * no VP8 frame.
 */
export function webpQuality(webp: Uint8Array): number | undefined {
  const frame = vp8Frame(webp)
  if (!frame) return undefined
  const quantiser = baseQuantiser(new BoolDecoder(frame.subarray(10)))
  const linear = (1 - quantiser / 127) ** 3
  const compression = linear < 0.5 ? linear * 1.5 : (linear + 1) / 2
  return Math.min(Math.max(Math.round(compression * 100), 1), 100)
}

function vp8Frame(webp: Uint8Array): Uint8Array | undefined {
  const buffer = Buffer.from(webp.buffer, webp.byteOffset, webp.byteLength)
  for (let at = 12; at + 8 <= buffer.length; ) {
    const type = buffer.toString('latin1', at, at + 4)
    const length = buffer.readUInt32LE(at + 4)
    if (type === 'VP8 ' && length > 10) return buffer.subarray(at + 8, at + 8 + length)
    at += 8 + length + (length % 2)
  }
  return undefined
}

/** y_ac_qi of the frame header (RFC 6386, 9.2 to 9.6); of the first segment where segments have their own. */
function baseQuantiser(bits: BoolDecoder): number {
  bits.literal(2) // colour space, clamping
  let segmentQuantiser: number | undefined
  let isAbsolute = false
  if (bits.flag()) {
    const updatesMap = bits.flag()
    if (bits.flag()) {
      isAbsolute = bits.flag()
      const quantisers = Array.from({ length: 4 }, () => (bits.flag() ? bits.signed(7) : 0))
      segmentQuantiser = quantisers[0]
      for (let segment = 0; segment < 4; segment++) if (bits.flag()) bits.signed(6)
    }
    if (updatesMap) for (let probability = 0; probability < 3; probability++) if (bits.flag()) bits.literal(8)
  }
  bits.literal(1 + 6 + 3) // filter type, level, sharpness
  const adjustsFilter = bits.flag() && bits.flag()
  for (let delta = 0; adjustsFilter && delta < 8; delta++) if (bits.flag()) bits.signed(6)
  bits.literal(2) // partitions
  const base = bits.literal(7)
  if (segmentQuantiser === undefined) return base
  return Math.min(Math.max(isAbsolute ? segmentQuantiser : base + segmentQuantiser, 0), 127)
}

/** RFC 6386, section 7.3. Beyond its end the data is zeros. */
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
