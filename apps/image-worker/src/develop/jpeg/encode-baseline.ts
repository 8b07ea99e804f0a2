import type { Raster } from '../raster.ts'
import {
  type BaselineFile,
  layoutOf,
  markers,
  putTogether,
  takeApart,
  withRestarts,
} from './baseline-file.ts'
import { fitHuffman } from './fit-huffman.ts'

/** Below, starting several encoders costs about what they save. */
const minDividedPixels = 1_000_000
/**
 * Not by the number of cores: the same image gives the same file everywhere. Each encoder more takes about a
 * millisecond of its own, which an image among others doesn't get back.
 */
const strips = 2
/** A strip ends where units of 8 x 8 and of 16 x 16 pixels do. */
const unitRows = 16
/** A restart interval is a number of 16 bits (ITU-T T.81, B.2.4.4). */
const maxUnits = 65_535

/**
 * Writes a baseline JPEG: strips of it side by side, as `encode` writes each, which are then one scan with restart
 * markers between them. An image alone takes less time so, as libvips uses one thread to encode; among others it
 * costs nothing. Where `isWorthFitting` says so of the size in bytes, the Huffman tables are made for the image.
 */
export async function encodeBaseline<Pixels extends Omit<Raster, 'channels'>>(
  raster: Pixels,
  encode: (strip: Pixels) => Promise<Uint8Array>,
  isWorthFitting: (bytes: number) => boolean,
): Promise<Uint8Array> {
  const files = await Promise.all(stripsOf(raster, rowsOfStrip(raster)).map(encode))
  const bytes = files.reduce((sum, file) => sum + file.length, 0)
  const usual = files.map(takeApart)
  const written = isWorthFitting(bytes) ? fitHuffman(usual) : usual
  const [first] = written as [BaselineFile]
  const scan = written.flatMap((file, index) => (index === 0 ? [file.scan] : [restart(index - 1), file.scan]))
  if (written.length === 1) return putTogether(first.segments, scan)
  const { unitsAcross, unitsDown } = layoutOf(first.segments)
  return putTogether(withRestarts(first.segments, raster.height, unitsAcross * unitsDown), scan)
}

/** A finished file with Huffman tables made for it. */
export function fitted(jpeg: Uint8Array): Uint8Array {
  const [file] = fitHuffman([takeApart(jpeg)]) as [BaselineFile]
  return putTogether(file.segments, [file.scan])
}

function rowsOfStrip({ width, height }: Pick<Raster, 'width' | 'height'>): number {
  if (width * height < minDividedPixels) return height
  const most = Math.floor(maxUnits / Math.ceil(width / 8) / 2)
  return Math.min(Math.ceil(height / strips / unitRows), most) * unitRows
}

function stripsOf<Pixels extends Omit<Raster, 'channels'>>(raster: Pixels, rows: number): Pixels[] {
  const { data, height } = raster
  const rowBytes = data.length / height
  return Array.from({ length: Math.ceil(height / rows) }, (_, index) => ({
    ...raster,
    data: data.subarray(index * rows * rowBytes, (index + 1) * rows * rowBytes),
    height: Math.min(rows, height - index * rows),
  }))
}

/** RST0 to RST7, in turn. */
function restart(index: number): Uint8Array {
  return Uint8Array.of(0xff, markers.restart + (index % 8))
}
