import { UnusableImage } from '../../unusable-image.ts'
import { entryOf, pageTags, type TiffPage } from '../tiff-page.ts'
import type { Segments } from './segments.ts'
import type { WideKind } from './wide-samples.ts'

type Segment = TiffPage['segments'][number]

/** A page whose samples become plain samples of `bits`. */
interface PlainPage {
  readonly page: TiffPage
  readonly segments: Segments
  readonly bits: 8 | 16
  readonly wideKind: WideKind | undefined
}

/**
 * Whether a strip or tile is missing in the file, because all its samples have the same value: programs for maps then
 * write 0 as its position and its length (GDAL: "sparse files").
 */
export function isUnwritten({ at, bytes }: Segment): boolean {
  return at === 0 && bytes === 0
}

/**
 * Gives all samples of 8 or 16 bits the value that they have where strips or tiles are left out: GDAL's value for places
 * without data, if these bits can hold it, otherwise 0.
 */
export function fillUnwritten(plain: Uint8Array, { page, segments, bits, wideKind }: PlainPage): void {
  const text = Buffer.from(entryOf(page, pageTags.gdalNoData)?.value ?? []).toString('latin1')
  const value = Number(text.replaceAll('\0', ''))
  const fits = Number.isInteger(value) && value > 0 && value < 2 ** bits
  if (!fits || wideKind || segments.bits !== bits) return
  const [low, high] = [value & 255, value >> 8]
  const pair = segments.isLittleEndian ? [low, high] : [high, low]
  Buffer.from(plain.buffer, plain.byteOffset, plain.length).fill(Uint8Array.from(bits === 8 ? [low] : pair))
}

/**
 * Checks that no strip or tile is left out, after `withPlainSamples` has rewritten the pages that it can unpack.
 *
 * @throws UnusableImage
 */
export function expectWrittenSegments({ segments, compression }: TiffPage): void {
  if (!segments.some(isUnwritten)) return
  const words = `strips or tiles that are left out (sparse files) are not supported in a TIFF of this compression (${compression}): save the TIFF with all of them`
  throw new UnusableImage('unsupported-image', words)
}
