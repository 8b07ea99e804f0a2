import { UnusableImage } from '../unusable-image.ts'
import { keepEntries } from './edit-tiff.ts'
import { pageByPage } from './page-by-page.ts'
import { numbersOf, type TiffDirectory, type TiffEntry, TiffReader } from './tiff-directory.ts'
import { numbersOfTag, pageTags, photometrics, sampleFormats, type TiffPage } from './tiff-page.ts'

/** Tags on which the pixels of a page depend, and those that libvips returns: profile, XMP, IPTC, Photoshop's resources. */
const essential: ReadonlySet<number> = new Set([
  ...[254, 255, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323],
  ...[324, 325, 332, 338, 339, 347, 529, 530, 531, 532, 700, 33_723, 34_377, 34_675],
])

/** Essential only with some colours; in other pages, libtiff warns of their length. */
const ofColours: Readonly<Record<number, number>> = {
  320: photometrics.palette,
  529: photometrics.yCbCr,
  530: photometrics.yCbCr,
  531: photometrics.yCbCr,
  532: photometrics.yCbCr,
}

/** The valid values (TIFF 6.0, sections 8, 14, 18 and 19), and 999, which old programs wrote for transparency. */
const valid: Readonly<Record<number, readonly number[]>> = {
  [pageTags.fillOrder]: [1, 2],
  [pageTags.orientation]: [1, 2, 3, 4, 5, 6, 7, 8],
  [pageTags.planarConfiguration]: [1, 2],
  [pageTags.predictor]: [1, 2, 3],
  [pageTags.extraSamples]: [0, 1, 2, 999],
  [pageTags.sampleFormat]: [1, 2, 3, 4, 5, 6],
}

/**
 * Reads one page of a TIFF after the other with `read`, from a file with only this page. If that fails, it is retried with
 * only the tags about pixels, in their order: cameras and scanners write texts without a final zero, wrong counts, or tags
 * in another order, and libtiff warns about them as it does about damage. All later pages are read in this way.
 */
export function forgivingOddTags(
  tiff: Uint8Array,
): <Result>(page: TiffPage, read: Read<Result>) => Promise<Result> {
  let fileOf = pageByPage(tiff)
  let isEssential = false
  return async (page, read) => {
    try {
      return await read(fileOf(page))
    } catch (error) {
      // Not a decoder's message.
      if (isEssential || error instanceof UnusableImage) throw error
      const essentialFileOf = pageByPage(withEssentialTags(tiff))
      const result = await read(essentialFileOf(page))
      fileOf = essentialFileOf
      isEssential = true
      return result
    }
  }
}

type Read<Result> = (file: Uint8Array) => Promise<Result>

/** A copy of the file with only essential tags. All else stays where it is. */
function withEssentialTags(tiff: Uint8Array): Uint8Array {
  const copy = Buffer.from(tiff)
  const directories = TiffReader.of(tiff)?.directories() ?? []
  for (const [index, directory] of directories.entries())
    keepEntries(copy, directory, essentialOf(directory), directories[index + 1]?.at ?? 0)
  return copy
}

function essentialOf(directory: TiffDirectory): TiffEntry[] {
  const [photometric] = numbersOfTag({ directory }, pageTags.photometric)
  return directory.entries.filter(entry => {
    const { tag } = entry
    const colours = ofColours[tag]
    if (!essential.has(tag) || (colours !== undefined && colours !== photometric)) return false
    // The default; libtiff warns if there are fewer or more numbers than samples.
    const isUnsigned = (format: number) => format === sampleFormats.unsigned
    if (tag === pageTags.sampleFormat && numbersOf(entry).every(isUnsigned)) return false
    // The default: all rows are in one strip.
    if (tag === pageTags.rowsPerStrip && numbersOf(entry)[0] === 0) return false
    const values = valid[tag]
    return !values || numbersOf(entry).every(number => values.includes(number))
  })
}
