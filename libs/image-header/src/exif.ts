import type { HeaderReader } from './header-reader.ts'
import { firstInteger, readIfd, readTiffStart } from './ifd.ts'

/** What JPEG puts before the TIFF structure, and some WebP writers too. */
export const exifPrefix = 'Exif\0\0'

const orientationTag = 0x0112

/**
 * The Orientation of IFD0 in an EXIF block (Exif 2.32, section 4.6.4 A), `start` at its TIFF header. It should be
 * one SHORT; any integer is taken, the first of several, as libexif does. A damaged
 * block says nothing, which is 1: nobody's picture is refused for its camera's notes.
 */
export async function readExifOrientation(reader: HeaderReader, start: number, end: number): Promise<number> {
  const tiff = await readTiffStart(reader, start, Math.min(end, reader.size))
  if (!tiff) return 1
  const ifd = await readIfd(reader, tiff.span, tiff.firstIfd, new Set([orientationTag]))
  return validOrientation(await firstInteger(reader, tiff.span, ifd?.entries.get(orientationTag)))
}

/** TIFF 6.0, tag 274: 1..8; anything else means nothing. */
export function validOrientation(value: number | undefined): number {
  return value !== undefined && value >= 1 && value <= 8 ? value : 1
}
