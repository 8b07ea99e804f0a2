import { photometrics } from '../tiff-page.ts'
import type { PlainPlan } from './plain-plan.ts'
import { rowBytesOf, type Segments } from './segments.ts'
import { readWide } from './wide-samples.ts'

/** Copies one sample of each pixel in a segment: the sample `from` of a pixel there becomes the sample `to`. */
export function copySamples(
  plain: Uint8Array,
  { page, segments, kept, bits, wideKind }: PlainPlan,
  unpacked: Uint8Array,
  { left, top, to, from }: { left: number; top: number; to: number; from: number },
): void {
  const columns = Math.min(segments.width, page.width - left)
  const rows = Math.min(segments.height, page.height - top)
  const rowBytes = rowBytesOf(segments)
  const step = kept.length
  for (let row = 0; row < rows; row++) {
    const target = ((top + row) * page.width + left) * step + to
    if (wideKind) {
      const view = new DataView(unpacked.buffer, unpacked.byteOffset, unpacked.byteLength)
      const bytes = segments.bits / 8
      for (let x = 0; x < columns; x++) {
        const at = row * rowBytes + bytes * (x * segments.samples + from)
        const level = readWide(wideKind, view, at, segments.isLittleEndian)
        writeDeep(plain, target + x * step, level, segments)
      }
    } else if (segments.bits === 8) {
      const source = row * rowBytes + from
      for (let x = 0; x < columns; x++)
        plain[target + x * step] = unpacked[source + x * segments.samples] ?? 0
    } else if (segments.bits === 16) {
      const source = row * rowBytes + 2 * from
      for (let x = 0; x < columns; x++) {
        const at = source + 2 * x * segments.samples
        plain[2 * (target + x * step)] = unpacked[at] ?? 0
        plain[2 * (target + x * step) + 1] = unpacked[at + 1] ?? 0
      }
    } else {
      const read = bitReader(unpacked, 8 * row * rowBytes, segments)
      const isIndex = page.photometric === photometrics.palette && to === 0
      for (let x = 0; x < columns; x++) {
        const sample = read(x * segments.samples + from)
        if (isIndex) plain[target + x * step] = sample
        else writeLevel(plain, target + x * step, sample, { segments, bits })
      }
    }
  }
}

/** Reads the sample at an index of a row that begins at this bit. */
function bitReader(bytes: Uint8Array, start: number, { bits }: Segments): (index: number) => number {
  const most = 2 ** bits - 1
  return index => {
    const at = start + index * bits
    const byte = at >> 3
    const word = ((bytes[byte] ?? 0) << 16) | ((bytes[byte + 1] ?? 0) << 8) | (bytes[byte + 2] ?? 0)
    return (word >> (24 - (at & 7) - bits)) & most
  }
}

/** Spreads a level to all levels of 8 or 16 bits. */
function writeLevel(
  plain: Uint8Array,
  index: number,
  level: number,
  { segments, bits }: { segments: Segments; bits: 8 | 16 },
): void {
  const spread = Math.round((level * (2 ** bits - 1)) / (2 ** segments.bits - 1))
  if (bits === 8) plain[index] = spread
  else writeDeep(plain, index, spread, segments)
}

/** Writes a sample of 16 bits. */
function writeDeep(plain: Uint8Array, index: number, level: number, { isLittleEndian }: Segments): void {
  const [first, second] = isLittleEndian ? [level & 255, level >> 8] : [level >> 8, level & 255]
  plain[2 * index] = first
  plain[2 * index + 1] = second
}
