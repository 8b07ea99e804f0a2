import { encodeChunk, pngSignature } from '../../permute/png/chunks.ts'
import type { Rectangle } from '../../permute/rectangle.ts'
import { longs } from '../big-endian.ts'
import { fractionOf } from '../fraction.ts'
import { pngChunks } from './png-chunks.ts'

/** A raster with any number of channels. */
interface Pixels {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
}

/**
 * Writes an animated PNG (PNG 3rd edition, 11.3.6) of the frames that are stacked in a raster, each `height` rows high.
 * A frame is written as the rectangle that differs from the frame before. The encoder that makes the first frame
 * smallest encodes all frames, because they must have the same colour type and depth.
 *
 *     IHDR acTL fcTL IDAT | fcTL fdAT | .. IEND
 */
export async function writeAnimation<Stack extends Pixels>(
  stack: Stack,
  height: number,
  { delay, loop }: { delay: readonly number[]; loop: number },
  encoders: readonly Encode<Stack>[],
): Promise<Uint8Array> {
  const { width } = stack
  const frameBytes = (stack.data.length / stack.height) * height
  const count = stack.height / height
  const dataOf = (index: number) => stack.data.subarray(index * frameBytes, (index + 1) * frameBytes)
  const written: Buffer[] = []
  let encode: Encode<Stack> | undefined
  let sequence = 0
  for (let index = 0; index < count; index++) {
    const whole = { ...stack, height, data: dataOf(index) }
    const part = index === 0 ? { left: 0, top: 0, width, height } : changed(dataOf(index - 1), whole)
    const frame = cut(whole, part)
    encode ??= await smallest(encoders, frame)
    const png = await encode(frame)
    if (index === 0) written.push(encodeChunk('IHDR', headerOf(png)), encodeChunk('acTL', longs(count, loop)))
    written.push(encodeChunk('fcTL', control(sequence++, part, delay[index] ?? 0)))
    const data = imageDataOf(png)
    if (index === 0) written.push(encodeChunk('IDAT', ...data))
    else written.push(encodeChunk('fdAT', longs(sequence++), ...data))
  }
  return Buffer.concat([pngSignature, ...written, encodeChunk('IEND')])
}

type Encode<Stack> = (frame: Stack) => Promise<Uint8Array>

async function smallest<Stack>(encoders: readonly Encode<Stack>[], frame: Stack): Promise<Encode<Stack>> {
  const [first] = encoders as [Encode<Stack>]
  let [best, bytes] = [first, Number.POSITIVE_INFINITY]
  for (const encode of encoders) {
    const { length } = await encode(frame)
    if (length < bytes) [best, bytes] = [encode, length]
  }
  return best
}

/** The smallest rectangle with all changed pixels; one pixel if none changed. */
function changed(before: Uint8Array, { data, width, height }: Pixels): Rectangle {
  const rowBytes = data.length / height
  const pixelBytes = rowBytes / width
  let [left, right, top, bottom] = [width, 0, height, 0]
  for (let row = 0; row < height; row++) {
    const at = row * rowBytes
    const [own, other] = [data.subarray(at, at + rowBytes), before.subarray(at, at + rowBytes)]
    if (Buffer.compare(own, other) === 0) continue
    top = Math.min(top, row)
    bottom = row + 1
    const first = own.findIndex((byte, index) => byte !== other[index])
    const last = own.findLastIndex((byte, index) => byte !== other[index])
    left = Math.min(left, Math.floor(first / pixelBytes))
    right = Math.max(right, Math.floor(last / pixelBytes) + 1)
  }
  if (bottom === 0) return { left: 0, top: 0, width: 1, height: 1 }
  return { left, top, width: right - left, height: bottom - top }
}

function cut<Stack extends Pixels>(whole: Stack, { left, top, width, height }: Rectangle): Stack {
  const rowBytes = whole.data.length / whole.height
  const pixelBytes = rowBytes / whole.width
  const data = new Uint8Array(pixelBytes * width * height)
  for (let row = 0; row < height; row++) {
    const start = (top + row) * rowBytes + left * pixelBytes
    data.set(whole.data.subarray(start, start + pixelBytes * width), row * pixelBytes * width)
  }
  return { ...whole, data, width, height }
}

/** The frame stays until the next, whose pixels replace its own. */
function control(sequence: number, { left, top, width, height }: Rectangle, delayMs: number): Buffer {
  const [numerator, denominator] = fractionOf(delayMs / 1000, 65_535)
  const rest = Buffer.alloc(6)
  rest.writeUInt16BE(numerator, 0)
  rest.writeUInt16BE(denominator, 2)
  return Buffer.concat([longs(sequence, width, height, left, top), rest])
}

function headerOf(png: Uint8Array): Uint8Array {
  return png.subarray(16, 29)
}

function imageDataOf(png: Uint8Array): Buffer[] {
  return [...pngChunks(png)].filter(({ type }) => type === 'IDAT').map(({ data }) => data)
}
