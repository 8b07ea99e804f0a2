import { NotWellFormed } from '../not-well-formed.ts'

const orientationTag = 0x0112
const shortType = 3

/**
 * The orientation (1 to 8) in an EXIF block without its "Exif" prefix, or undefined if it has none. Reads only the
 * first image file directory (TIFF 6.0, section 2). Throws NotWellFormed if that fails, because a decoder may still
 * find an orientation.
 */
export function exifOrientation(exif: Buffer): number | undefined {
  const byteOrder = exif.toString('latin1', 0, 4)
  const isLittleEndian = byteOrder === 'II*\0'
  if (!isLittleEndian && byteOrder !== 'MM\0*') throw new NotWellFormed('the EXIF block has no TIFF header')
  const short = (at: number) => (isLittleEndian ? exif.readUInt16LE(at) : exif.readUInt16BE(at))
  const long = (at: number) => (isLittleEndian ? exif.readUInt32LE(at) : exif.readUInt32BE(at))
  if (exif.length < 8) throw new NotWellFormed('the EXIF block is truncated')
  const directory = long(4)
  if (directory + 2 > exif.length) throw new NotWellFormed('the EXIF block is truncated')
  const entries = short(directory)
  if (directory + 2 + entries * 12 > exif.length) throw new NotWellFormed('the EXIF block is truncated')
  for (let entry = directory + 2; entry < directory + 2 + entries * 12; entry += 12) {
    if (short(entry) !== orientationTag) continue
    if (short(entry + 2) !== shortType || long(entry + 4) !== 1) {
      throw new NotWellFormed('the EXIF orientation is not a number')
    }
    return short(entry + 8)
  }
  return undefined
}
