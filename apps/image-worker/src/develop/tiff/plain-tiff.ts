import { tags } from '../metadata/exif-tags.ts'
import { longsEntry, shortsEntry, TiffWriter } from '../metadata/tiff-directory.ts'

/** A TIFF of samples of 8 bits without compression: grey, or red, green and blue (TIFF 6.0, sections 4 and 6). */
export function encodePlainTiff(
  { width, height, channels, data }: { width: number; height: number; channels: 1 | 3; data: Uint8Array },
  orientation: number,
): Uint8Array {
  const writer = new TiffWriter(Buffer.from('II*\0\0\0\0\0', 'latin1'))
  const samplesAt = writer.append(data)
  const { at } = writer.directory([
    longsEntry(tags.width, width),
    longsEntry(tags.height, height),
    shortsEntry(bitsPerSample, ...new Array<number>(channels).fill(8)),
    shortsEntry(compression, 1),
    shortsEntry(photometricInterpretation, channels === 1 ? 1 : 2),
    longsEntry(stripOffsets, samplesAt),
    shortsEntry(tags.orientation, orientation),
    shortsEntry(samplesPerPixel, channels),
    longsEntry(stripByteCounts, data.length),
  ])
  const tiff = writer.bytes()
  tiff.writeUInt32LE(at, 4)
  return tiff
}

const bitsPerSample = 0x102
const compression = 0x103
const photometricInterpretation = 0x106
const stripOffsets = 0x111
const samplesPerPixel = 0x115
const stripByteCounts = 0x117
