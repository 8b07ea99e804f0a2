import { urlOf } from '../api/base.ts'
import { imageOf, type Row } from './row.ts'

/** The most images that one archive holds. */
const maxInArchive = 200

export interface Archive {
  url: string
  count: number
}

/** Where the results of these rows are downloaded as zips. */
export function archivesOf(rows: readonly Row[]): Archive[] {
  const ids = rows.flatMap(row => imageOf(row)?.id ?? [])
  const parts: string[][] = []
  for (let at = 0; at < ids.length; at += maxInArchive) parts.push(ids.slice(at, at + maxInArchive))
  return parts.map(part => ({ url: urlOf('images/archive', { ids: part.join(',') }), count: part.length }))
}
