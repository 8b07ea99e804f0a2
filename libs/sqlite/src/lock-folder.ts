import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

/** Another process holds the folder. */
export class FolderInUse extends Error {}

/**
 * Holds a folder for this process until it is disposed of or the process ends in whatever way: the lock is SQLite's,
 * which is the operating system's.
 *
 * @throws FolderInUse
 */
export function lockFolder(folder: string): Disposable {
  mkdirSync(folder, { recursive: true })
  const lock = new DatabaseSync(join(folder, 'lock.sqlite'), { timeout: 0 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new FolderInUse(`another process uses ${folder}`, { cause })
  }
  return { [Symbol.dispose]: () => lock.close() }
}
