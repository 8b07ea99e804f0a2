import { UnusableImage } from '../../unusable-image.ts'
import { numbersOfTag, pageTags, sampleFormats, type TiffPage } from '../tiff-page.ts'

/** The kinds of samples that become levels of 16 bits: those of more bits, and floats. */
export type WideKind = 'unsigned24' | 'unsigned32' | 'float16' | 'float32' | 'float64'

const floatKinds: Readonly<Record<number, WideKind>> = { 16: 'float16', 32: 'float32', 64: 'float64' }

/** The kind of a page's samples; undefined for all others. */
export function wideKindOf(page: TiffPage): WideKind | undefined {
  const { bitsPerSample: bits, samplesPerPixel } = page
  const found = new Set(numbersOfTag(page, pageTags.sampleFormat))
  const [format = sampleFormats.unsigned] = found
  if (found.size > 1 || samplesPerPixel < 1) return undefined
  if (format === sampleFormats.float) return floatKinds[bits]
  if (format !== sampleFormats.unsigned) return undefined
  if (bits === 24) return 'unsigned24'
  return bits === 32 ? 'unsigned32' : undefined
}

/**
 * Reads the sample that begins at a byte, as a level from 0 to 65535.
 *
 * @throws UnusableImage for a float outside of 0 to 1
 */
export function readWide(kind: WideKind, view: DataView, at: number, isLittleEndian: boolean): number {
  switch (kind) {
    case 'unsigned24': {
      const [first, second, third] = [view.getUint8(at), view.getUint8(at + 1), view.getUint8(at + 2)]
      const [high, low] = isLittleEndian ? [third, first] : [first, third]
      return Math.round((high * 65_536 + second * 256 + low) / (0xff_ffff / mostLevel))
    }
    case 'unsigned32':
      return Math.round(view.getUint32(at, isLittleEndian) / (0xffff_ffff / mostLevel))
    case 'float16':
      return levelOfFloat(view.getFloat16(at, isLittleEndian))
    case 'float32':
      return levelOfFloat(view.getFloat32(at, isLittleEndian))
    case 'float64':
      return levelOfFloat(view.getFloat64(at, isLittleEndian))
  }
}

/** Whether samples of a kind are floats. */
export function isFloat(kind: WideKind | undefined): boolean {
  return kind === 'float16' || kind === 'float32' || kind === 'float64'
}

const mostLevel = 65_535
/** Programs write values such as 1.0000001. */
const tolerance = 1e-3

/** Programs that edit pictures use 0 for black and 1 for white; measurements have any values. */
function levelOfFloat(value: number): number {
  if (value >= -tolerance && value <= 1 + tolerance)
    return Math.round(Math.min(Math.max(value, 0), 1) * mostLevel)
  const words = `the samples of a float TIFF must be from 0 (black) to 1 (white), but a sample is ${value}: scale them, or save the TIFF with 8 or 16 bits a sample`
  throw new UnusableImage('unsupported-samples', words)
}
