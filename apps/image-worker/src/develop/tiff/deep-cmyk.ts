import { orient } from '../raster/orient.ts'
import { type Raster, withAlphaOf } from '../raster/raster.ts'
import { photometrics, type TiffPage } from './tiff-page.ts'

/** Whether a page is CMYK of 16 bits with transparency, which libvips replaces by opaque when it converts the colours. */
export function isDeepCmykWithAlpha({ photometric, bitsPerSample, samplesPerPixel }: TiffPage): boolean {
  return photometric === photometrics.separated && bitsPerSample === 16 && samplesPerPixel === 5
}

/** The upright raster of such a page with its transparency. The page has plain strips, see `withPlainSamples`. */
export async function withOwnAlpha(raster: Raster, tiff: Uint8Array, page: TiffPage): Promise<Raster> {
  const { width, height, samplesPerPixel, segments, orientation } = page
  const isLittleEndian = tiff[0] === 0x49
  const pixels = Buffer.concat(segments.map(({ at, bytes }) => tiff.subarray(at, at + bytes)))
  const samples = new Uint16Array(4 * width * height)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const at = 2 * (pixel * samplesPerPixel + 4)
    samples[4 * pixel + 3] = isLittleEndian ? pixels.readUInt16LE(at) : pixels.readUInt16BE(at)
  }
  const stored: Raster = {
    data: new Uint8Array(samples.buffer),
    width,
    height,
    channels: 4,
    bits: 16,
    isGrey: false,
  }
  return withAlphaOf(await orient(stored, orientation), raster)
}
