import { markers } from '../../permute/jpeg/jpeg-markers.ts'
import type { Size } from '../../permute/rectangle.ts'
import type { Raster } from '../raster/raster.ts'
import { type BaselineFile, putTogether, takeApart, unitsOf, withRestarts } from './baseline-file.ts'
import { optimiseJpeg } from './optimise-jpeg.ts'

/** For fewer pixels, starting several encoders costs about as much as they save. */
const minDividedPixels = 1_000_000
/**
 * A constant, not the number of cores: the same image gives the same file everywhere. Each further encoder takes about a
 * millisecond, which is wasted if other images are developed at the same time.
 */
const strips = 2
/** A strip ends at a multiple of the 8 x 8 and 16 x 16 pixel units. */
const unitRows = 16
/** A restart interval is a number of 16 bits (ITU-T T.81, B.2.4.4). */
const maxUnits = 65_535

/**
 * Writes a baseline JPEG with Huffman tables made for it. Strips of it are encoded in parallel, as `encode` writes
 * each, and joined into one scan with restart markers between them. An image alone takes less time, because libvips
 * encodes with one thread; among other images it costs nothing. The encoder itself would take more than twice the time
 * for optimised tables, which make the file of a smooth image up to a quarter smaller.
 */
export async function encodeBaseline<Pixels extends Omit<Raster, 'channels'>>(
  raster: Pixels,
  encode: (strip: Pixels) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const files = await Promise.all(stripsOf(raster, rowsOfStrip(raster)).map(encode))
  const [first] = files as [Uint8Array]
  return optimiseJpeg(files.length === 1 ? first : joined(files.map(takeApart), raster.height))
}

function joined(files: readonly BaselineFile[], height: number): Uint8Array {
  const [first] = files as [BaselineFile]
  const scan = files.flatMap((file, index) => (index === 0 ? [file.scan] : [restart(index - 1), file.scan]))
  return putTogether(withRestarts(first.segments, height, unitsOf(first.segments)), scan)
}

function rowsOfStrip({ width, height }: Size): number {
  if (width * height < minDividedPixels) return height
  const most = Math.floor(maxUnits / Math.ceil(width / 8) / 2)
  return Math.min(Math.ceil(height / strips / unitRows), most) * unitRows
}

/** Cuts a raster into strips of this many rows; the last may have fewer. */
export function stripsOf<Pixels extends Omit<Raster, 'channels'>>(raster: Pixels, rows: number): Pixels[] {
  const { data, height } = raster
  const rowBytes = data.length / height
  return Array.from({ length: Math.ceil(height / rows) }, (_, index) => ({
    ...raster,
    data: data.subarray(index * rows * rowBytes, (index + 1) * rows * rowBytes),
    height: Math.min(rows, height - index * rows),
  }))
}

/** RST0 to RST7, cyclically. */
function restart(index: number): Uint8Array {
  return Uint8Array.of(0xff, markers.restart0 + (index % 8))
}
