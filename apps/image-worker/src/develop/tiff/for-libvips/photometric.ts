import { withDirectories } from '../edit-tiff.ts'
import {
  compressions,
  entryOf,
  numbersOfTag,
  pageTags,
  photometrics,
  type TiffPage,
  tiffPages,
} from '../tiff-page.ts'
import { shortsEntry } from '../tiff-writer.ts'

/** CCITT RLE, Group 3 and Group 4, and RLE with whole words. */
const faxCompressions: readonly number[] = [2, 3, 4, 32_771]

/**
 * A copy of a TIFF whose pages declare what their samples mean; the file itself if they do. Scanners and fax programs leave
 * the tag out, and other decoders guess it by the same rule as here (libtiff's tif_getimage.c).
 */
export function withPhotometric(tiff: Uint8Array): Uint8Array {
  const changed = tiffPages(tiff).flatMap(page => {
    const photometric = entryOf(page, pageTags.photometric) ? undefined : guessOf(page)
    if (photometric === undefined) return []
    const { directory } = page
    return [{ directory, entries: [...directory.entries, shortsEntry(pageTags.photometric, photometric)] }]
  })
  return changed.length === 0 ? tiff : withDirectories(tiff, changed)
}

/** Undefined if the number of samples leaves the meaning open. */
function guessOf(page: TiffPage): number | undefined {
  const { samplesPerPixel, compression } = page
  const colours = samplesPerPixel - numbersOfTag(page, pageTags.extraSamples).length
  // JPEGs may have been coded in either kind of colours.
  if (colours === 3) return compression === compressions.jpeg ? undefined : photometrics.rgb
  if (colours !== 1) return undefined
  return faxCompressions.includes(compression) ? photometrics.whiteIsZero : photometrics.blackIsZero
}
