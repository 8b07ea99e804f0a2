import type { Sharp } from 'sharp'
import { freeNow } from '../../free-now.ts'
import { encodeChunk, pngSignature } from '../../permute/png/chunks.ts'
import { deflateScanlines, suitsRuns } from '../../permute/png/deflate-scanlines.ts'
import { checkFilters, ScanlineWalk, SubFilter } from '../../permute/png/scanlines.ts'
import type { Size } from '../../permute/rectangle.ts'
import { longs } from '../big-endian.ts'
import type { Raster } from '../raster/raster.ts'
import { colourspaceOf, depthOf, toSharp } from '../raster/through-sharp.ts'
import { type EncodeSettings, writeAs } from './encode-settings.ts'

/** Samples in rows from the top. Our encoder needs the higher byte first. */
type Samples = Omit<Raster, 'data' | 'channels'> & { data: Buffer; channels: 1 | 3 | 4 }

/** For fewer bytes, a trial takes about as long as it saves. */
const smallBytes = 256 * 1024

/** PNG 3rd edition, 11.2.1: grey, colour, colour with transparency. */
const colourTypes = { 1: 0, 3: 2, 4: 6 } as const

interface Written {
  bits: 8 | 16
  /** Whether the image is grey with transparency, which sharp can't give as samples. */
  hasGreyAlpha?: boolean
  /** The size of the result that sharp describes. */
  sizeOf?: (info: Size) => Size
}

/**
 * Ends a call to sharp, configured in `image`, with a PNG. For photographs, sharp's encoder takes several times as long as
 * ours, and makes files a quarter larger. But it finds repetitions faster than Node's zlib, so drawings are left to it. Only
 * sharp's encoder can interlace, and give each row the filter that suits it.
 */
export async function writePng(
  image: Sharp,
  settings: EncodeSettings,
  { bits, hasGreyAlpha = false, sizeOf = info => info }: Written,
): Promise<{ data: Uint8Array; info: Size }> {
  if (settings.progressive || settings.filtersRows || hasGreyAlpha)
    return writeAs(image, 'png', settings).toBuffer({ resolveWithObject: true })
  const { data, info } = await image.raw({ depth: depthOf({ bits }) }).toBuffer({ resolveWithObject: true })
  const channels = info.channels as Samples['channels']
  const samples: Samples = { data, channels, bits, isGrey: channels === 1, ...sizeOf(info) }
  if (bits === 16) data.swap16()
  const isForSharp = data.length > smallBytes && !suitsOwnEncoder(samples)
  if (isForSharp && bits === 16) data.swap16()
  const png = isForSharp
    ? await writeAs(toSharp(samples).toColourspace(colourspaceOf(samples)), 'png', settings).toBuffer()
    : await encodePng(samples)
  freeNow(data)
  return { data: png, info }
}

/** Tries rows in the middle of the image. */
function suitsOwnEncoder({ data, width, height, channels, bits }: Samples): boolean {
  const pixelBytes = (channels * bits) / 8
  const rowBytes = width * pixelBytes
  const rows = Math.min(Math.ceil(blockBytes / rowBytes), height)
  const start = Math.floor((height - rows) / 2) * rowBytes
  const sample = new Uint8Array(rows * (1 + rowBytes))
  fillScanlines(sample, data.subarray(start, start + rows * rowBytes), rowBytes)
  return suitsRuns(sample, new ScanlineWalk([{ rows, rowBytes }], pixelBytes), new SubFilter(pixelBytes))
}

/** The file has the same pixels, exactly, and no metadata. */
async function encodePng({ data, width, height, channels, bits }: Samples): Promise<Uint8Array> {
  const pixelBytes = (channels * bits) / 8
  const rowBytes = width * pixelBytes
  const walk = new ScanlineWalk([{ rows: height, rowBytes }], pixelBytes)
  const pieces = deflateScanlines(scanlinesOf(data, rowBytes), walk, checkFilters, new SubFilter(pixelBytes))
  const header = Buffer.concat([longs(width, height), Uint8Array.of(bits, colourTypes[channels], 0, 0, 0)])
  const chunks = [encodeChunk('IHDR', header)]
  for await (const piece of pieces) chunks.push(encodeChunk('IDAT', piece))
  return Buffer.concat([pngSignature, ...chunks, encodeChunk('IEND')])
}

const blockBytes = 128 * 1024

/** Blocks of whole rows. Each is overwritten when the next is requested. */
async function* scanlinesOf(data: Uint8Array, rowBytes: number): AsyncGenerator<Uint8Array> {
  const rows = Math.min(Math.ceil(blockBytes / rowBytes), data.length / rowBytes)
  const block = new Uint8Array(rows * (1 + rowBytes))
  for (let at = 0; at < data.length; at += rows * rowBytes) {
    const length = fillScanlines(block, data.subarray(at, at + rows * rowBytes), rowBytes)
    yield block.subarray(0, length)
  }
}

/** Writes the rows to `block`, each after a filter byte of 0. Returns the number of bytes written. */
function fillScanlines(block: Uint8Array, rows: Uint8Array, rowBytes: number): number {
  const count = rows.length / rowBytes
  for (let row = 0; row < count; row++) {
    block[row * (1 + rowBytes)] = 0
    block.set(rows.subarray(row * rowBytes, (row + 1) * rowBytes), row * (1 + rowBytes) + 1)
  }
  return count * (1 + rowBytes)
}
