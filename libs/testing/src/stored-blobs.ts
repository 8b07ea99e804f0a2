import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Everything that the file engine of the storage keeps in its folder: paths of files, and `<stage>/<key>` of rows. */
export function storedBlobs(folder: string): string[] {
  return [...blobFiles(folder), ...rowsIn(join(folder, 'small-blobs.sqlite'))]
}

/** The paths of all files of blobs, including those that are still being written. */
export function blobFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !/^(lock|small-blobs)\.sqlite/.test(entry.name))
    .map(entry => join(entry.parentPath, entry.name))
}

function rowsIn(path: string): string[] {
  if (!existsSync(path)) return []
  using database = new DatabaseSync(path, { readOnly: true })
  const rows = database.prepare('SELECT stage, key FROM blobs').all()
  return rows.map(({ stage, key }) => `${stage}/${key}`)
}
