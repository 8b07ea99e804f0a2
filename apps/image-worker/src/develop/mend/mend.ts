import type { ImageHeader } from '@darkroom/image-header'
import { compressions, pageTags, tiffPages } from '../tiff/tiff-page.ts'
import { mendJpeg } from './mend-jpeg.ts'

/**
 * The file without what decoders warn of in a JPEG, or in the JPEGs of a TIFF, although no sample depends on it.
 * Undefined where there is nothing of that kind.
 */
export function mend(input: Uint8Array, { format }: Pick<ImageHeader, 'format'>): Uint8Array | undefined {
  if (format === 'jpeg') return mendJpeg(input)
  return format === 'tiff' ? mendTiff(input) : undefined
}

function mendTiff(tiff: Uint8Array): Uint8Array | undefined {
  let mended: Buffer | undefined
  // Strips that overlap would be read again and again.
  let bytesLeft = tiff.length
  for (const page of tiffPages(tiff)) {
    if (page.compression !== compressions.jpeg) continue
    const tables = page.directory.entries.find(({ tag }) => tag === pageTags.jpegTables)?.value
    for (const { at, bytes } of page.segments) {
      bytesLeft -= bytes
      if (bytesLeft < 0) return undefined
      const jpeg = mendJpeg(tiff.subarray(at, at + bytes), tables)
      if (!jpeg) continue
      mended ??= Buffer.from(tiff)
      mended.set(jpeg, at)
    }
  }
  return mended
}
