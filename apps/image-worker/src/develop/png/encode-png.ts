import type { Sharp } from 'sharp'
import { freeNow } from '../../free-now.ts'
import { encodeChunk, pngSignature } from '../../permute/png/chunks.ts'
import { deflateScanlines } from '../../permute/png/deflate-scanlines.ts'
import { checkFilters, ScanlineWalk, SubFilter } from '../../permute/png/scanlines.ts'
import { longs } from '../big-endian.ts'
import { type EncodeSettings, writeAs } from '../encode-settings.ts'
import type { Size } from '../operations/operation-kind.ts'
import { depthOf } from '../through-sharp.ts'

/** Samples of 8 or 16 bits, the higher byte first, in rows from the top. */
interface Samples {
  data: Uint8Array
  width: number
  height: number
  channels: 1 | 3 | 4
  bits: 8 | 16
}

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
 * Ends a call to sharp, configured in `image`, with a PNG. sharp's encoder takes several times as long as ours, and makes
 * photographs a quarter larger; only sharp's can interlace, and give each row the filter that suits it.
 */
export async function writePng(
  image: Sharp,
  settings: EncodeSettings,
  { bits, hasGreyAlpha = false, sizeOf = info => info }: Written,
): Promise<{ data: Uint8Array; info: Size }> {
  if (settings.progressive || settings.filtersRows || hasGreyAlpha)
    return writeAs(image, 'png', settings).toBuffer({ resolveWithObject: true })
  const { data, info } = await image.raw({ depth: depthOf({ bits }) }).toBuffer({ resolveWithObject: true })
  if (bits === 16) data.swap16()
  const channels = info.channels as Samples['channels']
  const png = await encodePng({ data, channels, bits, ...sizeOf(info) })
  freeNow(data)
  return { data: png, info }
}

/** The file has the same pixels, exactly, and no metadata. */
async function encodePng(samples: Samples): Promise<Uint8Array> {
  const { data, width, height, channels, bits } = samples
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

/** The rows, each after a filter byte of 0. Each block is overwritten when the next is requested. */
async function* scanlinesOf(data: Uint8Array, rowBytes: number): AsyncGenerator<Uint8Array> {
  const height = data.length / rowBytes
  const rowsPerBlock = Math.min(Math.ceil(blockBytes / rowBytes), height)
  const block = new Uint8Array(rowsPerBlock * (1 + rowBytes))
  for (let row = 0; row < height; row += rowsPerBlock) {
    const rows = Math.min(rowsPerBlock, height - row)
    for (let index = 0; index < rows; index++) {
      const from = (row + index) * rowBytes
      block.set(data.subarray(from, from + rowBytes), index * (1 + rowBytes) + 1)
      block[index * (1 + rowBytes)] = 0
    }
    yield block.subarray(0, rows * (1 + rowBytes))
  }
}
