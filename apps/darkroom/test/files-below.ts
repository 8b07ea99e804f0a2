import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/** The paths of all files in a folder and its folders, from the folder on. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .sort()
}
