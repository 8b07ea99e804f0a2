import { crc32 } from 'node:zlib'
import { NotWellFormed } from '../../permute/not-well-formed.ts'
import { pngSignature } from '../../permute/png/chunks.ts'
import { inflatedBytes, type PngPass, parsePngHeader, passesOf } from '../../permute/png/header.ts'
import { inflateWhole, tooLong, trailingBytes } from '../../permute/png/inflate-whole.ts'
import { isCritical, pngChunks } from './png-chunks.ts'

/** Chunks that every decoder must support (PNG 3rd edition, 11.2). */
const critical: readonly string[] = ['IHDR', 'PLTE', 'IDAT', 'IEND']

/**
 * Describes the first fault for which decoders refuse a PNG, in its chunks or in the compressed data in them; undefined if
 * it has no fault. The messages of libvips don't name the fault.
 */
export function pngFault(png: Uint8Array): string | undefined {
  return chunkFault(png) ?? imageDataFault(png)
}

function chunkFault(png: Uint8Array): string | undefined {
  const bytes = Buffer.from(png.buffer, png.byteOffset, png.byteLength)
  const seen: string[] = []
  const hasPalette = bytes[colourTypeAt] === paletteType
  for (let at = pngSignature.length; at < bytes.length; ) {
    if (at + 8 > bytes.length) return 'the file ends within a chunk'
    const type = bytes.toString('latin1', at + 4, at + 8)
    if (!/^[A-Za-z]{4}$/.test(type)) return `there is no chunk at byte ${at}`
    const end = at + 12 + bytes.readUInt32BE(at)
    if (end > bytes.length) return `the ${type} chunk is cut off`
    if (type === 'IDAT' && hasPalette && !seen.includes('PLTE')) return 'the palette is missing'
    const fault = isCritical(type) ? criticalFault(type, bytes.subarray(at, end), seen) : undefined
    if (fault || type === 'IEND') return fault
    seen.push(type)
    at = end
  }
  return undefined
}

/** The place of the colour type in IHDR, which comes first, and the type with a palette (11.2.1). */
const colourTypeAt = 25
const paletteType = 3

function criticalFault(type: string, chunk: Buffer, before: readonly string[]): string | undefined {
  if (!critical.includes(type)) return `the critical chunk ${type} is unknown`
  if (crc32(chunk.subarray(4, -4)) !== chunk.readUInt32BE(chunk.length - 4))
    return `the CRC of the ${type} chunk does not match`
  if (type === 'IHDR' && before.length > 0) return 'there are two IHDR chunks'
  if (type === 'PLTE' && before.includes('PLTE')) return 'there are two palettes'
  if (type === 'PLTE' && (chunk.length - 12) % 3 !== 0) return 'the palette is not whole colours'
  if (type === 'IDAT' && before.includes('IDAT') && before.at(-1) !== 'IDAT')
    return `the image data is interrupted by the ${before.at(-1)} chunk`
  return undefined
}

/** Describes the fault of the image data in chunks without a fault. */
function imageDataFault(png: Uint8Array): string | undefined {
  const [header, ...others] = pngChunks(png)
  const images = others.filter(({ type }) => type === 'IDAT').map(({ data }) => data)
  if (!header) return undefined
  try {
    const parsed = parsePngHeader(header.data)
    const passes = passesOf(parsed, parsed.width, parsed.height)
    const inflated = inflateWhole(Buffer.concat(images), inflatedBytes(passes))
    return hasKnownFilters(inflated, passes) ? undefined : 'the image data has a filter that is not defined'
  } catch (error) {
    if (!(error instanceof NotWellFormed)) throw error
    return accepted.includes(error.message) ? undefined : error.message
  }
}

/** Decoders accept these. */
const accepted: readonly string[] = [tooLong, trailingBytes]

/** Filters have the numbers 0 to 4 (PNG 3rd edition, 9.2), each before its row. */
const lastFilter = 4

function hasKnownFilters(inflated: Uint8Array, passes: readonly PngPass[]): boolean {
  let at = 0
  for (const { rows, rowBytes } of passes)
    for (let row = 0; row < rows; row++, at += rowBytes + 1)
      if ((inflated[at] ?? 0) > lastFilter) return false
  return true
}
