import type { HeaderReader } from '../header-reader.ts'
import type { SampleBits } from '../image-facts.ts'
import { MalformedImage } from '../malformed-image.ts'
import type { IfdEntry, TiffSpan } from './ifd.ts'

/** The samples of a page, as its tags describe them. */
interface StoredSamples {
  bitsPerSample: number
  samplesPerPixel: number
  photometric: number | undefined
  sampleFormat: number
  compression: number
  isSubsampled: boolean
  colorMap: IfdEntry | undefined
}

export interface UnpackedSamples {
  channels: number
  bitsPerSample: SampleBits
}

/** TIFF 6.0 sections 5, 18 and 21 to 23. */
const photometric = { palette: 3, yCbCr: 6, cieLab: 8, logLuv: 32845 } as const
const compression = { oldJpeg: 6, jpeg: 7 } as const
const floatFormat = 3

/** libvips' limit. */
const maxSamplesPerPixel = 10_000

/**
 * The samples that libvips unpacks from those of a page: whole bytes, palettes as colours, special conversions for unusual
 * kinds.
 */
export async function unpackedSamples(
  reader: HeaderReader,
  span: TiffSpan,
  stored: StoredSamples,
): Promise<UnpackedSamples> {
  const { samplesPerPixel: samples, bitsPerSample: bits, sampleFormat } = stored
  const mostBits = sampleFormat === floatFormat ? 64 : 32
  if (samples < 1 || samples > maxSamplesPerPixel || bits < 1 || bits > mostBits)
    throw new MalformedImage(
      `a TIFF with samples of ${bits} bits (${samples} a pixel) is not supported; save it with 8 or 16 bits a sample`,
    )
  if (isReadAsRgba(stored)) return { channels: 4, bitsPerSample: 8 }
  if (stored.photometric === photometric.logLuv) return { channels: samples, bitsPerSample: 32 }
  if (stored.photometric === photometric.cieLab && bits === 8 && samples > 3)
    return { channels: samples, bitsPerSample: 16 }
  if (stored.photometric === photometric.palette) {
    const isGrey = await isGreyColorMap(reader, span, stored.colorMap, 2 ** bits)
    return { channels: isGrey ? samples : samples + 2, bitsPerSample: bits <= 8 ? 8 : 16 }
  }
  const isHalfFloat = bits === 16 && sampleFormat === floatFormat
  return { channels: samples, bitsPerSample: isHalfFloat ? 32 : roundUp(bits) }
}

/** Old-style JPEG, and subsampled YCbCr outside JPEG, are read with libtiff's own converter. */
function isReadAsRgba(stored: StoredSamples): boolean {
  if (stored.compression === compression.oldJpeg) return true
  return (
    stored.photometric === photometric.yCbCr && stored.compression !== compression.jpeg && stored.isSubsampled
  )
}

function roundUp(bits: number): SampleBits {
  if (bits <= 8) return 8
  if (bits <= 16) return 16
  return bits <= 32 ? 32 : 64
}

/** The number of colours of a colour map that are compared at once. */
const comparedColours = 4096

/**
 * Section 5, ColorMap: all reds, then all greens, then all blues, as SHORTs. If they are equal, pixels unpack to one
 * sample.
 */
async function isGreyColorMap(
  reader: HeaderReader,
  span: TiffSpan,
  entry: IfdEntry | undefined,
  colours: number,
): Promise<boolean> {
  if (entry?.type !== 3 || entry.count < 3 * colours || entry.valuesAt + 6 * colours > span.end) return false
  for (let from = 0; from < colours; from += comparedColours) {
    const count = Math.min(comparedColours, colours - from)
    const part = (colour: number) => reader.view(entry.valuesAt + 2 * (colour * colours + from), 2 * count)
    const [red, green, blue] = [await part(0), await part(1), await part(2)]
    for (let at = 0; at < 2 * count; at += 2) {
      const value = red.getUint16(at)
      if (green.getUint16(at) !== value || blue.getUint16(at) !== value) return false
    }
  }
  return true
}
