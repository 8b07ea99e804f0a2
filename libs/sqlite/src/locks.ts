import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sqliteCodeOf, sqliteCodes } from './sqlite-error.ts'
import { prepareFile, UnusableFile, unusable } from './unusable-file.ts'

/** Another process holds the lock of a file or a folder. */
export class InUse extends UnusableFile {}

/**
 * Locks a folder for this process until the lock is disposed of or the process ends, however it ends.
 *
 * @throws InUse, UnusableFile
 */
export function lockFolder(folder: string): Disposable {
  return lock(join(folder, 'lock.sqlite'), cause => new InUse(`another process uses ${folder}`, { cause }))
}

/**
 * Locks one file in a shared folder. A program that doesn't take the lock (a shell that reads a database) isn't affected.
 *
 * @throws InUse, UnusableFile
 */
export function lockFile(path: string): Disposable {
  prepareFile(path)
  // Links to the same file must share one lock.
  const file = existsSync(path) ? realpathSync(path) : path
  return lock(`${file}.lock`, cause => new InUse(`another process uses ${path}`, { cause }))
}

/** The lock is SQLite's, and so the operating system's: it is released whenever the process ends. */
function lock(path: string, inUse: (cause: unknown) => Error): Disposable {
  prepareFile(path)
  using opening = new DisposableStack()
  try {
    const lock = opening.use(new DatabaseSync(path, { timeout: 0 }))
    // This write is never committed. It fails if the user can't write to the file: SQLite would open such a file for
    // reading, and several processes could lock it.
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; PRAGMA user_version = 1')
    return opening.move()
  } catch (cause) {
    throw sqliteCodeOf(cause) === sqliteCodes.busy ? inUse(cause) : unusable(path, cause)
  }
}
