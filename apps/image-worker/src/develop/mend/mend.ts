import type { ImageHeader } from '@darkroom/image-header'
import { jpegsInTiff } from '../tiff/jpegs-in-tiff.ts'
import { mendJpeg } from './mend-jpeg.ts'

/**
 * The file without the oddities that decoders warn of in a JPEG, or in the JPEGs of a TIFF, although no sample depends
 * on them. Undefined if there are none.
 */
export function mend(input: Uint8Array, { format }: Pick<ImageHeader, 'format'>): Uint8Array | undefined {
  if (format === 'jpeg') return mendJpeg(input)
  return format === 'tiff' ? mendTiff(input) : undefined
}

function mendTiff(tiff: Uint8Array): Uint8Array | undefined {
  let mended: Buffer | undefined
  for (const { at, jpeg, tables } of jpegsInTiff(tiff) ?? []) {
    const whole = mendJpeg(jpeg, tables)
    if (!whole) continue
    mended ??= Buffer.from(tiff)
    mended.set(whole, at)
  }
  return mended
}
