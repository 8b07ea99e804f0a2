import { NotWellFormed } from '../not-well-formed.ts'

type PngColorType = 0 | 2 | 3 | 4 | 6

export interface PngHeader {
  readonly width: number
  readonly height: number
  readonly bitDepth: number
  readonly colorType: PngColorType
  readonly isInterlaced: boolean
}

/** A rectangle of scanlines in the inflated stream: each row is a filter byte and `rowBytes` bytes. */
export interface PngPass {
  readonly rows: number
  readonly rowBytes: number
}

/** A pass, and its pixels in the image: every `columnStep`th of every `rowStep`th row, from `column` and `row` on. */
interface PngGrid extends PngPass {
  readonly column: number
  readonly row: number
  readonly columnStep: number
  readonly rowStep: number
}

/** Table 12 of PNG 3rd edition: the bit depths that each colour type allows. */
const bitDepths: Record<PngColorType, readonly number[]> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

const samplesPerPixel: Record<PngColorType, number> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

/** Adam7 (PNG 3rd edition, 8.2): first column, first row, column step, row step of the seven reduced images. */
const adam7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const

export function parsePngHeader(data: Buffer): PngHeader {
  if (data.length !== 13) throw new NotWellFormed('IHDR is not 13 bytes long')
  const width = data.readUInt32BE(0)
  const height = data.readUInt32BE(4)
  const [bitDepth = 0, colorType, compression, filter, interlace] = data.subarray(8)
  if (width === 0 || height === 0) throw new NotWellFormed('the image has no pixels')
  if (width > 0x7fff_ffff || height > 0x7fff_ffff) throw new NotWellFormed('the size is out of range')
  if (!isColorType(colorType) || !bitDepths[colorType].includes(bitDepth)) {
    throw new NotWellFormed(`colour type ${colorType} at ${bitDepth} bits does not exist`)
  }
  if (compression !== 0) throw new NotWellFormed('the compression method is unknown')
  if (filter !== 0) throw new NotWellFormed('the filter method is unknown')
  if (interlace !== 0 && interlace !== 1) throw new NotWellFormed('the interlace method is unknown')
  return { width, height, bitDepth, colorType, isInterlaced: interlace === 1 }
}

export function bitsPerPixel({ colorType, bitDepth }: PngHeader): number {
  return samplesPerPixel[colorType] * bitDepth
}

/** The passes that have pixels, of an image or animation frame of this size, in stream order. */
export function passesOf(header: PngHeader, width: number, height: number): PngGrid[] {
  const grids = header.isInterlaced ? adam7 : [[0, 0, 1, 1] as const]
  return grids
    .map(([column, row, columnStep, rowStep]) => ({
      ...{ column, row, columnStep, rowStep },
      rows: Math.ceil((height - row) / rowStep),
      rowBytes: Math.ceil((Math.ceil((width - column) / columnStep) * bitsPerPixel(header)) / 8),
    }))
    .filter(pass => pass.rows > 0 && pass.rowBytes > 0)
}

/** The number of bytes that the zlib stream of these passes must inflate to. */
export function inflatedBytes(passes: readonly PngPass[]): number {
  const bytes = passes.reduce((sum, { rows, rowBytes }) => sum + rows * (rowBytes + 1), 0)
  if (!Number.isSafeInteger(bytes)) throw new NotWellFormed('the size is out of range')
  return bytes
}

function isColorType(value: number | undefined): value is PngColorType {
  return value !== undefined && value in bitDepths
}
