import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/**
 * What the file engine of the storage keeps in its folder: the paths of all files of blobs, temporary files included, and
 * the keys of the small blobs, which are rows.
 */
export function storedBlobs(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/^(lock|small-blobs)\.sqlite/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
  return [...files, ...rowsIn(join(folder, 'small-blobs.sqlite'))]
}

function rowsIn(path: string): string[] {
  if (!existsSync(path)) return []
  using database = new DatabaseSync(path, { readOnly: true })
  return database
    .prepare('SELECT stage, key FROM blobs')
    .all()
    .map(({ stage, key }) => `${stage}/${key}`)
}
