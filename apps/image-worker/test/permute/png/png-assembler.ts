import { crc32, deflateSync } from 'node:zlib'

export const signature: Buffer = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

export interface PngPicture {
  readonly width: number
  readonly height: number
  readonly colorType: number
  readonly bitDepth: number
  readonly interlaced?: boolean
  /** Samples row by row, interleaved. */
  readonly samples: ArrayLike<number>
  /** The filter types of consecutive rows, repeated. */
  readonly filters?: readonly number[]
}

interface PngParts {
  /** Chunks between IHDR and the image data, and after it. */
  readonly before?: readonly Buffer[]
  readonly after?: readonly Buffer[]
  /** The image data is cut into IDAT chunks of this many bytes. */
  readonly idatBytes?: number
}

export function chunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const crc = Buffer.alloc(4)
  crc.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, crc])
}

export function headerChunk(picture: Omit<PngPicture, 'samples'>): Buffer {
  const data = Buffer.alloc(13)
  data.writeUInt32BE(picture.width, 0)
  data.writeUInt32BE(picture.height, 4)
  data.set([picture.bitDepth, picture.colorType, 0, 0, picture.interlaced ? 1 : 0], 8)
  return chunk('IHDR', data)
}

export function assemblePng(picture: PngPicture, parts: PngParts = {}): Buffer {
  const data = deflateSync(scanlinesOf(picture))
  return Buffer.concat([
    signature,
    headerChunk(picture),
    ...(parts.before ?? []),
    ...imageChunks(data, parts.idatBytes),
    ...(parts.after ?? []),
    chunk('IEND'),
  ])
}

export function imageChunks(data: Buffer, idatBytes = data.length): Buffer[] {
  const chunks: Buffer[] = []
  for (let at = 0; at < data.length; at += idatBytes) {
    chunks.push(chunk('IDAT', data.subarray(at, at + idatBytes)))
  }
  return chunks
}

/** The PNG with these chunks directly after its header. */
export function withChunks(png: Buffer, ...chunks: readonly Buffer[]): Buffer {
  return Buffer.concat([png.subarray(0, 33), ...chunks, png.subarray(33)])
}

/** The chunks of a PNG, each complete. */
export function splitChunks(png: Buffer): { type: string; data: Buffer; whole: Buffer }[] {
  const chunks = []
  for (let at = 8; at < png.length; ) {
    const end = at + 12 + png.readUInt32BE(at)
    const type = png.toString('latin1', at + 4, at + 8)
    chunks.push({ type, data: png.subarray(at + 8, end - 4), whole: png.subarray(at, end) })
    at = end
  }
  return chunks
}

/** The data of all chunks of a type. */
export function dataOf(png: Buffer, wanted: string): Buffer {
  const chunks = splitChunks(png).filter(({ type }) => type === wanted)
  return Buffer.concat(chunks.map(({ data }) => data))
}

/** The data of the first chunk of a type. Undefined if there is none. */
export function firstDataOf(png: Uint8Array, wanted: string): Buffer | undefined {
  return splitChunks(Buffer.from(png)).find(({ type }) => type === wanted)?.data
}

export function channelsOf(colorType: number): number {
  return [1, 0, 3, 1, 2, 0, 4][colorType] ?? 0
}

/** The filtered scanlines of all passes, each with its filter byte: the inflated image data. */
export function scanlinesOf(picture: PngPicture): Buffer {
  const { width, height, filters = [0] } = picture
  const passes = picture.interlaced
    ? ['0,0,8,8', '4,0,8,8', '0,4,4,8', '2,0,4,4', '0,2,2,4', '1,0,2,2', '0,1,1,2']
    : ['0,0,1,1']
  const rows: Buffer[] = []
  let count = 0
  for (const pass of passes) {
    const [left = 0, top = 0, stepX = 1, stepY = 1] = pass.split(',').map(Number)
    let above: Buffer | undefined
    for (let y = top; y < height; y += stepY) {
      const columns = []
      for (let x = left; x < width; x += stepX) columns.push(x)
      if (columns.length === 0) break
      const row = packRow(picture, columns, y)
      const type = filters[count++ % filters.length] ?? 0
      rows.push(filterRow(row, above ?? Buffer.alloc(row.length), type, bytesPerPixel(picture)))
      above = row
    }
  }
  return Buffer.concat(rows)
}

function bytesPerPixel({ colorType, bitDepth }: PngPicture): number {
  return Math.max(1, (channelsOf(colorType) * bitDepth) / 8)
}

function packRow({ width, colorType, bitDepth, samples }: PngPicture, columns: number[], y: number): Buffer {
  const channels = channelsOf(colorType)
  const row = Buffer.alloc(Math.ceil((columns.length * channels * bitDepth) / 8))
  let bit = 0
  for (const x of columns) {
    for (let channel = 0; channel < channels; channel += 1) {
      const sample = samples[(y * width + x) * channels + channel] ?? 0
      if (bitDepth === 16) row.writeUInt16BE(sample, bit / 8)
      else row[bit >> 3] = (row[bit >> 3] ?? 0) | (sample << (8 - bitDepth - (bit & 7)))
      bit += bitDepth
    }
  }
  return row
}

function filterRow(row: Buffer, above: Buffer, type: number, step: number): Buffer {
  const filtered = Buffer.alloc(row.length + 1)
  filtered[0] = type
  for (const [at, byte] of row.entries()) {
    const left = row[at - step] ?? 0
    const up = above[at] ?? 0
    const corner = at < step ? 0 : (above[at - step] ?? 0)
    filtered[at + 1] = byte - ([0, left, up, (left + up) >> 1, paeth(left, up, corner)][type] ?? 0)
  }
  return filtered
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner
  const [fromLeft, fromUp, fromCorner] = [left, up, corner].map(value => Math.abs(guess - value)) as [
    number,
    number,
    number,
  ]
  if (fromLeft <= fromUp && fromLeft <= fromCorner) return left
  return fromUp <= fromCorner ? up : corner
}
