import { pageTags, photometrics } from './tiff-page.ts'
import { encodeTiff, longsEntry, shortsEntry } from './tiff-writer.ts'

/** A TIFF of samples of 8 bits without compression: grey, or red, green and blue (TIFF 6.0, sections 4 and 6). */
export function encodePlainTiff(
  { width, height, channels, data }: { width: number; height: number; channels: 1 | 3; data: Uint8Array },
  orientation: number,
): Uint8Array {
  return encodeTiff(writer => [
    longsEntry(pageTags.width, width),
    longsEntry(pageTags.height, height),
    shortsEntry(pageTags.bitsPerSample, ...new Array<number>(channels).fill(8)),
    shortsEntry(pageTags.compression, 1),
    shortsEntry(pageTags.photometric, channels === 1 ? photometrics.blackIsZero : photometrics.rgb),
    longsEntry(pageTags.stripOffsets, writer.append(data)),
    shortsEntry(pageTags.orientation, orientation),
    shortsEntry(pageTags.samplesPerPixel, channels),
    longsEntry(pageTags.stripByteCounts, data.length),
  ])
}
