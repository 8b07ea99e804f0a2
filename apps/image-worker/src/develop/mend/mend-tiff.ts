import { jpegsInTiff } from '../tiff/jpegs-in-tiff.ts'
import { mendJpeg } from './mend-jpeg.ts'

/** A copy of a TIFF without the oddities of its JPEGs; undefined if they have none. */
export function mendTiff(tiff: Uint8Array): Uint8Array | undefined {
  let mended: Buffer | undefined
  for (const { at, jpeg, tables } of jpegsInTiff(tiff) ?? []) {
    const mendedJpeg = mendJpeg(jpeg, tables)
    if (!mendedJpeg) continue
    mended ??= Buffer.from(tiff)
    mended.set(mendedJpeg, at)
  }
  return mended
}
