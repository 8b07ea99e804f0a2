import type { HeaderReader } from '../header-reader.ts'
import { firstInteger, readIfd, readTiffStart } from './ifd.ts'

/** The prefix that JPEG puts before the TIFF structure, and some WebP writers, too. */
export const exifPrefix = 'Exif\0\0'

const orientationTag = 0x0112
const pointerType = 13

/**
 * The Orientation of IFD0 in an EXIF block (Exif 2.32, section 4.6.4 A); `start` is at its TIFF header. It should be
 * one SHORT. As in libexif, any type of integer is accepted except a pointer (type IFD), and the first of several values
 * counts. A damaged block counts as orientation 1: no image is refused because of its camera's metadata.
 */
export async function readExifOrientation(reader: HeaderReader, start: number, end: number): Promise<number> {
  const tiff = await readTiffStart(reader, start, Math.min(end, reader.size))
  if (!tiff) return 1
  const ifd = await readIfd(reader, tiff.span, {
    at: tiff.firstIfd,
    tags: new Set([orientationTag]),
    mayBeCut: true,
  })
  const entry = ifd?.entries.get(orientationTag)
  return entry?.type === pointerType ? 1 : validOrientation(await firstInteger(reader, tiff.span, entry))
}

/** TIFF 6.0, tag 274: 1 to 8; any other value counts as 1. */
export function validOrientation(value: number | undefined): number {
  return value !== undefined && value >= 1 && value <= 8 ? value : 1
}
