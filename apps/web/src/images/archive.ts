import { urlOf } from '../api/base.ts'
import { downloadUrl } from './download.ts'
import { imageOf, type Row } from './row.ts'

/** Where the results of these rows are downloaded: one as it is, several as a zip. */
export function archiveUrl(rows: readonly Row[]): string {
  const images = rows.flatMap(row => imageOf(row) ?? [])
  const [first] = images
  if (images.length === 1 && first) return downloadUrl(first)
  return urlOf('images/archive', { ids: images.map(({ id }) => id).join(',') })
}
