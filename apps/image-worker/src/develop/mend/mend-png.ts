import { inflateRawSync } from 'node:zlib'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { encodeChunk } from '../../permute/png/chunks.ts'
import { inflatedBytes, parsePngHeader, passesOf } from '../../permute/png/header.ts'
import { type InflatedWithInfo, isTooLarge, isZlibError } from '../../permute/png/inflate-at-once.ts'
import { isIntact, pngChunks } from '../png/png-chunks.ts'

/**
 * A PNG with the right Adler-32 at the end of its image data, which some encoders write wrong, or cut off. Browsers show
 * such a PNG. The CRCs of its chunks must be right, and the data must be exactly as long as the image, so that nothing is
 * missing and nothing changed after it was written. Undefined for all other PNGs.
 */
export function mendPng(png: Uint8Array): Uint8Array | undefined {
  const chunks = [...pngChunks(png)]
  const [header] = chunks
  const images = chunks.filter(({ type }) => type === 'IDAT')
  const [first, last] = [images[0], images.at(-1)]
  if (!header || !first || !last || !images.every(chunk => isIntact(png, chunk))) return undefined
  if (chunks.indexOf(last) - chunks.indexOf(first) !== images.length - 1) return undefined
  const stream = Buffer.concat(images.map(({ data }) => data))
  const end = endOfDeflated(stream, lengthOf(header.data))
  if (!end || stream.subarray(end.at, end.at + 4).equals(end.adler)) return undefined
  const image = encodeChunk('IDAT', stream.subarray(0, end.at), end.adler)
  return Buffer.concat([png.subarray(0, first.from), image, png.subarray(last.to)])
}

/** The bytes that the image data of a PNG inflate to; undefined if its header is invalid. */
function lengthOf(data: Buffer): number | undefined {
  try {
    const header = parsePngHeader(data)
    return inflatedBytes(passesOf(header, header.width, header.height))
  } catch (error) {
    if (error instanceof NotWellFormed) return undefined
    throw error
  }
}

/** A zlib stream is a head of two bytes, deflated data, and their Adler-32 (RFC 1950, 2.2). */
const headBytes = 2
const deflateMethod = 8
const hasDictionary = 0x20

/** The end of the deflated data, and their checksum; undefined unless they inflate to exactly `length` bytes. */
function endOfDeflated(
  stream: Buffer,
  length: number | undefined,
): { at: number; adler: Buffer } | undefined {
  const [method = 0, flags = 0] = stream
  if (length === undefined || (method & 15) !== deflateMethod || (flags & hasDictionary) !== 0)
    return undefined
  try {
    const options = { maxOutputLength: length, info: true } as const
    const { buffer, engine } = inflateRawSync(
      stream.subarray(headBytes),
      options,
    ) as unknown as InflatedWithInfo
    if (buffer.length !== length) return undefined
    return { at: headBytes + engine.bytesWritten, adler: adler32(buffer) }
  } catch (error) {
    if (isZlibError(error) || isTooLarge(error)) return undefined
    throw error
  }
}

/** The divisor of both sums (RFC 1950, section 9). */
const largestPrime = 65_521
/** The number of bytes after which a sum could exceed 32 bits. */
const sumsWithoutRemainder = 5552

function adler32(bytes: Uint8Array): Buffer {
  let [low, high] = [1, 0]
  for (let from = 0; from < bytes.length; from += sumsWithoutRemainder) {
    const end = Math.min(from + sumsWithoutRemainder, bytes.length)
    for (let at = from; at < end; at++) {
      low += bytes[at] ?? 0
      high += low
    }
    low %= largestPrime
    high %= largestPrime
  }
  const sum = Buffer.alloc(4)
  sum.writeUInt16BE(high)
  sum.writeUInt16BE(low, 2)
  return sum
}
