import type { Raster } from '../raster/raster.ts'
import { disposals, mostShort } from './gif-blocks.ts'
import { compressIndexes, StringTable } from './lzw.ts'

/**
 * One frame with a palette: the colour index of each pixel, the colours (three bytes each), and the index that is
 * transparent.
 */
interface Indexed {
  readonly indexes: Uint8Array
  readonly colours: Uint8Array
  readonly transparent: number | undefined
}

const mostColours = 256
/** Marks transparency, outside the 24-bit colours. Black in the table. */
const none = 0x1000000

/**
 * Writes frames of at most 256 colours exactly; full transparency counts as a colour. sharp would reduce frames with
 * that many colours to fewer. Undefined if sharp is exact, too, or if no GIF can be exact. Frames are written whole, so
 * parts that don't move are repeated.
 */
export function exactGif(
  frames: readonly Raster[],
  { delays, loop }: { delays: readonly number[]; loop: number },
): Uint8Array | undefined {
  const indexed: Indexed[] = []
  for (const frame of frames) {
    const found = indexColours(frame)
    if (!found) return undefined
    indexed.push(found)
  }
  const [first] = frames
  if (!first || indexed.every(({ colours }) => colours.length < 3 * mostColours)) return undefined
  const { width, height } = first
  const strings = new StringTable()
  const isAnimated = frames.length > 1
  const isOpaque = indexed.every(({ transparent }) => transparent === undefined)
  const disposal = isOpaque ? disposals.keep : disposals.clear
  return Buffer.concat([
    ...[Buffer.from('GIF89a', 'latin1'), shorts(width, height), Buffer.of(0, 0, 0)],
    ...(isAnimated && loop !== 1 ? [looping(loop)] : []),
    ...indexed.flatMap((frame, index) => [
      ...(isAnimated || frame.transparent !== undefined
        ? [graphicControl(delays[index] ?? 0, frame.transparent, disposal)]
        : []),
      ...writeFrame(frame, width, height, strings),
    ]),
    Buffer.of(0x3b),
  ])
}

/** Undefined for a frame with too many colours, deeper colours or partial transparency. */
function indexColours({ data, channels, bits }: Raster): Indexed | undefined {
  if (bits === 16) return undefined
  const pixels = data.length / channels
  const indexes = new Uint8Array(pixels)
  const indexOf = new Map<number, number>()
  let [lastColour, lastIndex] = [-1, 0]
  for (let pixel = 0, at = 0; pixel < pixels; pixel++, at += channels) {
    const alpha = channels === 4 ? data[at + 3] : 255
    if (alpha !== 255 && alpha !== 0) return undefined
    const red = data[at] as number
    const seen =
      channels === 1
        ? red * 0x10101
        : (red << 16) | ((data[at + 1] as number) << 8) | (data[at + 2] as number)
    const colour = alpha === 0 ? none : seen
    // Neighbours are often equal; then no lookup is needed.
    if (colour !== lastColour) {
      lastColour = colour
      const known = indexOf.get(colour)
      if (known === undefined && indexOf.size === mostColours) return undefined
      lastIndex = known ?? indexOf.size
      if (known === undefined) indexOf.set(colour, lastIndex)
    }
    indexes[pixel] = lastIndex
  }
  const colours = Uint8Array.from([...indexOf.keys()].flatMap(colour => [colour >> 16, colour >> 8, colour]))
  return { indexes, colours, transparent: indexOf.get(none) }
}

/** GIF 89a, section 20: a frame that covers the screen, with its own table of 256 colours. */
function writeFrame(
  { indexes, colours }: Indexed,
  width: number,
  height: number,
  strings: StringTable,
): Uint8Array[] {
  const table = new Uint8Array(3 * mostColours)
  table.set(colours)
  return [
    Buffer.of(0x2c),
    shorts(0, 0, width, height),
    Buffer.of(0x87),
    table,
    compressIndexes(indexes, strings),
  ]
}

/** Section 23. `delay` is in milliseconds; the file holds hundredths of a second. */
function graphicControl(delay: number, transparent: number | undefined, disposal: number): Uint8Array {
  const flags = (disposal << 2) | (transparent === undefined ? 0 : 1)
  return Buffer.concat([
    Buffer.of(0x21, 0xf9, 4, flags),
    shorts(Math.min(Math.round(delay / 10), mostShort)),
    Buffer.of(transparent ?? 0, 0),
  ])
}

/** Netscape's extension holds the number of repetitions; 0 means forever. */
function looping(loop: number): Uint8Array {
  const name = Buffer.from('\x21\xff\x0bNETSCAPE2.0\x03\x01', 'latin1')
  return Buffer.concat([name, shorts(loop === 0 ? 0 : Math.min(loop - 1, mostShort)), Buffer.of(0)])
}

function shorts(...numbers: number[]): Uint8Array {
  return Buffer.from(numbers.flatMap(number => [number & 0xff, number >> 8]))
}
