import { stripsOf } from '../jpeg/encode-baseline.ts'
import { optimiseJpeg } from '../jpeg/optimise-jpeg.ts'
import type { Raster } from '../raster/raster.ts'
import { writeJpegPage } from './write-jpeg-page.ts'

/** The size of a strip, which readers unpack as a whole. */
const stripPixels = 1_000_000
/** A strip has whole units of 16 x 16 pixels (TIFF Technical Note 2). */
const unitRows = 16

/** A TIFF of one page in JPEG. `encode` writes each strip; the page has its own Huffman tables. */
export async function encodeJpegPage<Pixels extends Omit<Raster, 'channels'>>(
  raster: Pixels,
  encode: (strip: Pixels) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const { width, height } = raster
  const rowsPerStrip = Math.min(Math.ceil(stripPixels / width / unitRows) * unitRows, height)
  const jpegs = await Promise.all(stripsOf(raster, rowsPerStrip).map(encode))
  return writeJpegPage({ width, height, cut: { rowsPerStrip }, isRgb: false }, jpegs.map(optimiseJpeg))
}
