import { numbersOf, TiffReader } from './tiff-directory.ts'
import { pageTags } from './tiff-page.ts'
import { longsEntry, TiffWriter } from './tiff-writer.ts'

const placeTags: readonly number[] = [pageTags.stripOffsets, pageTags.tileOffsets]

/** Joins several little-endian TIFFs of one page into one. Only the first may have directories below its own (EXIF). */
export function joinPages(pages: readonly Uint8Array[]): Uint8Array {
  const [first, ...others] = pages
  if (!first) throw new TypeError('there are no pages')
  if (others.length === 0) return first
  const writer = new TiffWriter(first)
  const links: { at: number; to: number }[] = []
  let linkAt = pageOf(first).nextAt
  for (const page of others) {
    const start = writer.append(page)
    const entries = pageOf(page).entries.map(entry => {
      if (!placeTags.includes(entry.tag)) return entry
      return longsEntry(entry.tag, ...numbersOf(entry).map(at => start + at))
    })
    const { at, nextAt } = writer.directory(entries)
    links.push({ at: linkAt, to: at })
    linkAt = nextAt
  }
  const bytes = writer.bytes()
  for (const { at, to } of links) bytes.writeUInt32LE(to, at)
  return bytes
}

function pageOf(tiff: Uint8Array) {
  const reader = TiffReader.of(tiff)
  const directory = reader?.directory(reader.firstAt)
  if (!directory) throw new TypeError('the encoder did not write a TIFF')
  return directory
}
