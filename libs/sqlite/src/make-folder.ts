import { existsSync, mkdirSync, readlinkSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/**
 * Creates a folder and its missing parents, unless it exists. Returns the first folder that was created. Node's recursive
 * mkdir is not used: it never returns if the system answers ENOENT although the parent exists, as in /proc, and it hides
 * that a file system is read-only.
 *
 * @throws the error of the file system about the first folder that could not be created; EEXIST if it is a file, or a link
 * that leads nowhere
 */
export function makeFolder(path: string): string | undefined {
  const missing: string[] = []
  for (let folder = resolve(path); !isFolder(folder); folder = dirname(folder)) missing.unshift(folder)
  for (const folder of missing) makeOne(folder)
  return missing[0]
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder)
  } catch (error) {
    // Another process may have created it meanwhile.
    if (isFolder(folder)) return
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const named = new Error(describeObstacle(folder), { cause: error })
    throw Object.assign(named, { code: 'EEXIST', syscall: 'mkdir', path: folder })
  }
}

/** A link leads nowhere when the disk of its target is not mounted. */
function describeObstacle(path: string): string {
  return existsSync(path)
    ? `${path} is a file`
    : `${path} is a link to ${readlinkSync(path)}, which does not exist`
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}
