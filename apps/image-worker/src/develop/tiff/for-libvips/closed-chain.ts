import { TiffReader } from '../tiff-directory.ts'

/** The longest position of a directory, in BigTIFF. */
const positionBytes = 8

/**
 * A TIFF whose last directory ends with the position of the next directory, which is 0; the file itself if it has this
 * position. Some programs end the file before the position. Other decoders then assume that no directory follows.
 */
export function withClosedChain(tiff: Uint8Array): Uint8Array {
  return TiffReader.of(tiff)?.isOpenEnded ? Buffer.concat([tiff, new Uint8Array(positionBytes)]) : tiff
}
