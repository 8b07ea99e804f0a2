import { inflateRawSync } from 'node:zlib'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { encodeChunk, pngSignature } from '../../permute/png/chunks.ts'
import { inflatedBytes, parsePngHeader, passesOf } from '../../permute/png/header.ts'
import type { InflatedWithInfo } from '../../permute/png/inflate-whole.ts'
import { isTooLarge, isZlibError } from '../../permute/png/zlib-errors.ts'
import { isCritical, isIntact, type PngChunk, pngChunks } from '../png/png-chunks.ts'

/**
 * A PNG without oddities that decoders accept: ancillary chunks with an invalid name, or with a wrong CRC, such as the
 * transparency, which libvips drops only after it has announced an alpha channel; and a zlib stream with a wrong or missing
 * Adler-32, or with a head that declares a smaller window than its distances need.
 *
 * The CRCs of the image data must be right, and the data must be exactly as long as the image, so that nothing is missing
 * and nothing changed after it was written. Undefined for all other PNGs.
 */
export function mendPng(png: Uint8Array): Uint8Array | undefined {
  const chunks = [...pngChunks(png)]
  const broken = chunks.filter(chunk => !isIntact(png, chunk) || !isWellNamed(chunk))
  if (broken.some(({ type }) => isCritical(type) || ofAnimation.includes(type))) return undefined
  const [header] = chunks
  const images = chunks.filter(({ type }) => type === 'IDAT')
  const [first, last] = [images[0], images.at(-1)]
  if (!header || !first || !last) return undefined
  if (chunks.indexOf(last) - chunks.indexOf(first) !== images.length - 1) return undefined
  const stream = Buffer.concat(images.map(({ data }) => data))
  const mended = mendStream(stream, lengthOf(header.data))
  if (!mended && broken.length === 0) return undefined
  const image = mended ? encodeChunk('IDAT', ...mended) : png.subarray(first.from, last.to)
  const kept = (some: readonly PngChunk[]) =>
    some.filter(chunk => !broken.includes(chunk)).map(({ from, to }) => png.subarray(from, to))
  const before = kept(chunks.slice(0, chunks.indexOf(first)))
  const after = kept(chunks.slice(chunks.indexOf(last) + 1))
  return Buffer.concat([pngSignature, ...before, image, ...after, png.subarray(chunks.at(-1)?.to)])
}

/** Whether a type has four letters, of which the third is a capital (PNG 3rd edition, 5.4). libpng refuses others. */
function isWellNamed({ type }: PngChunk): boolean {
  return /^[A-Za-z]{2}[A-Z][A-Za-z]$/.test(type)
}

/** An animation without one of these chunks lacks a part. */
const ofAnimation: readonly string[] = ['acTL', 'fcTL', 'fdAT']

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

/** The head of a stream with the largest window and no dictionary. */
const largestWindow = Buffer.of(0x78, 0x01)

/**
 * The parts of a zlib stream with the right head and Adler-32; undefined if it already has both, or does not inflate to
 * exactly `length` bytes.
 */
function mendStream(stream: Buffer, length: number | undefined): Buffer[] | undefined {
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
    const end = headBytes + engine.bytesWritten
    const adler = adler32(buffer)
    const hasLargest = method === largestWindow[0] && stream.readUInt16BE() % 31 === 0
    if (hasLargest && stream.subarray(end, end + 4).equals(adler)) return undefined
    return [largestWindow, stream.subarray(headBytes, end), adler]
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
