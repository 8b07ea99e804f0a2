import { numbersOf, overwriteNumbers, type TiffEntry, TiffReader } from '../metadata/tiff-directory.ts'
import { jpegsInTiff } from '../tiff/jpegs-in-tiff.ts'
import { pageTags } from '../tiff/tiff-page.ts'
import { mendJpeg } from './mend-jpeg.ts'

/**
 * A copy of a TIFF without tags that libtiff ignores because of their value, but reports as errors, and without the
 * oddities of its JPEGs. Undefined if it has neither.
 */
export function mendTiff(tiff: Uint8Array): Uint8Array | undefined {
  const tagged = mendTags(tiff)
  return mendJpegs(tagged ?? tiff) ?? tagged
}

/** TIFF 6.0, section 8: the valid values, and the value that libtiff assumes instead of another. */
const choices: Readonly<Record<number, { most: number; usual: number }>> = {
  [pageTags.fillOrder]: { most: 2, usual: 1 },
  [pageTags.orientation]: { most: 8, usual: 1 },
  [pageTags.resolutionUnit]: { most: 3, usual: 2 },
}

function mendTags(tiff: Uint8Array): Uint8Array | undefined {
  const directories = TiffReader.of(tiff)?.directories() ?? []
  let mended: Buffer | undefined
  for (const entry of directories.flatMap(({ entries }) => entries)) {
    const usual = usualInstead(entry)
    if (usual === undefined) continue
    mended ??= Buffer.from(tiff)
    overwriteNumbers(mended, entry, [usual])
  }
  return mended
}

function usualInstead(entry: TiffEntry): number | undefined {
  const choice = choices[entry.tag]
  if (!choice || entry.count !== 1 || entry.value.length > 4) return undefined
  const [number] = numbersOf(entry)
  return number === undefined || (number >= 1 && number <= choice.most) ? undefined : choice.usual
}

function mendJpegs(tiff: Uint8Array): Uint8Array | undefined {
  let mended: Buffer | undefined
  for (const { at, jpeg, tables } of jpegsInTiff(tiff) ?? []) {
    const whole = mendJpeg(jpeg, tables)
    if (!whole) continue
    mended ??= Buffer.from(tiff)
    mended.set(whole, at)
  }
  return mended
}
