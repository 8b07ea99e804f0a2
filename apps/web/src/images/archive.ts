import { base } from '../api/base.ts'
import { nameOf } from './names.ts'
import { sides } from './previews.ts'
import { imageOf, type Row } from './row.ts'
import { stemOf } from './row-words.ts'

/** The most images that one archive holds. */
const maxInArchive = 200
/** Proxies allow 8 KiB for the first line of a request, such as nginx with its default settings. */
const maxQueryLength = 7500
/** In characters; the server shortens names further if they have more than 150 bytes. */
const maxNameLength = 100

const previews = Object.values(sides).join()

interface Archive {
  url: string
  count: number
}

/** Zips of the results of rows, whose files are named like the uploaded files. Previews for the page are left out. */
export function archivesOf(rows: readonly Row[]): Archive[] {
  const archives: Archive[] = []
  let ids: string[] = []
  let names: string[] = []
  const close = () => {
    if (ids.length > 0) archives.push({ url: archiveUrl(ids, names), count: ids.length })
    ids = []
    names = []
  }
  let length = 0
  for (const row of rows) {
    const id = imageOf(row)?.id
    if (id === undefined) continue
    const name = encodedName(row, id)
    length += id.length + name.length + 2
    if (ids.length === maxInArchive || length > maxQueryLength) {
      close()
      length = id.length + name.length + 2
    }
    ids.push(id)
    names.push(name)
  }
  close()
  return archives
}

function archiveUrl(ids: readonly string[], names: readonly string[]): string {
  return new URL(`images/archive?without=${previews}&ids=${ids.join()}&names=${names.join('/')}`, base).href
}

/** Empty if the name is unknown in this browser: then the image is named by its id. */
function encodedName(row: Row, id: string): string {
  const name = row.file ? row.name : (nameOf(id) ?? '')
  return encodeURIComponent([...stemOf(name)].slice(0, maxNameLength).join('').toWellFormed())
}
