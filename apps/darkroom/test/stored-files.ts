import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** All files in the folder of the storage, including temporary files. */
export function storedFiles(dataDir: string): string[] {
  return readdirSync(join(dataDir, 'storage'), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile() && !entry.name.startsWith('lock.sqlite'))
    .map(entry => join(entry.parentPath, entry.name))
}
