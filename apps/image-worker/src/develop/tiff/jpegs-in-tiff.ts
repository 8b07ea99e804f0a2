import { compressions, entryOf, pageTags, tiffPages } from './tiff-page.ts'

/** The JPEG of a strip or tile, on the file's memory, and a stream with the tables that it may lack (JPEGTables). */
interface JpegInTiff {
  readonly at: number
  readonly jpeg: Uint8Array
  readonly tables: Uint8Array | undefined
}

/** All JPEGs in a TIFF, on its memory. Undefined if strips overlap, because they would be read again and again. */
export function jpegsInTiff(tiff: Uint8Array): JpegInTiff[] | undefined {
  const jpegs: JpegInTiff[] = []
  let bytesLeft = tiff.length
  for (const page of tiffPages(tiff)) {
    if (page.compression !== compressions.jpeg) continue
    const tables = entryOf(page, pageTags.jpegTables)?.value
    for (const { at, bytes } of page.segments) {
      bytesLeft -= bytes
      if (bytesLeft < 0) return undefined
      jpegs.push({ at, jpeg: tiff.subarray(at, at + bytes), tables })
    }
  }
  return jpegs
}
