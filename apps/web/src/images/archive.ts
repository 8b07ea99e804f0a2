import { base } from '../api/base.ts'
import { nameOf } from './names.ts'
import { hasPreview, sides } from './previews.ts'
import { imageOf, type Row } from './row.ts'
import { stemOf } from './row-words.ts'

/** The maximum number of images in one archive. */
const maxInArchive = 200
/** Proxies allow 8 KiB for the first line of a request, such as nginx with its default settings. */
const maxQueryLength = 7500
/** In characters; the server shortens names further if they have more than 150 bytes. */
const maxNameLength = 100

export interface Archive {
  url: string
  count: number
}

/** Zips of the results of rows, whose files are named like the uploaded files. Previews for the page are left out. */
export function archivesOf(rows: readonly Row[]): Archive[] {
  const groups: Row[][] = []
  let length = 0
  for (const row of rows) {
    if (!imageOf(row)) continue
    const own = idOf(row).length + encodedName(row).length + 2
    length += own
    const group = groups.at(-1)
    if (group && group.length < maxInArchive && length <= maxQueryLength) group.push(row)
    else {
      groups.push([row])
      length = own
    }
  }
  return groups.map(group => ({ url: archiveUrl(group), count: group.length }))
}

function archiveUrl(rows: readonly Row[]): string {
  const ids = rows.map(idOf).join()
  const names = rows.map(encodedName).join('/')
  // If a user's variant has the name of a preview, previews with that name are kept.
  const isOwn = (side: string) =>
    rows.some(row => imageOf(row)?.variants?.[side] && !hasPreview(imageOf(row), side))
  const previews = Object.values(sides).filter(side => !isOwn(side))
  const without = previews.length > 0 ? `without=${previews.join()}&` : ''
  return new URL(`images/archive?${without}ids=${ids}&names=${names}`, base).href
}

function idOf(row: Row): string {
  return imageOf(row)?.id ?? ''
}

/** Empty if the name is unknown in this browser: then the image is named by its id. */
function encodedName(row: Row): string {
  const name = row.file ? row.name : (nameOf(idOf(row)) ?? '')
  return encodeURIComponent([...stemOf(name)].slice(0, maxNameLength).join('').toWellFormed())
}
