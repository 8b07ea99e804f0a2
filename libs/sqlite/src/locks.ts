import { existsSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { prepareFile, UnusableFile, unusable } from './unusable-file.ts'

/** https://sqlite.org/rescode.html#busy */
const sqliteBusy = 5

/** Another process holds the folder. */
export class FolderInUse extends UnusableFile {}

/** Another process holds the file. */
export class FileInUse extends UnusableFile {}

/**
 * Holds a folder for this process until it is disposed of or the process ends in whatever way.
 *
 * @throws FolderInUse, UnusableFile
 */
export function lockFolder(folder: string): Disposable {
  return lock(
    join(folder, 'lock.sqlite'),
    cause => new FolderInUse(`another process uses ${folder}`, { cause }),
  )
}

/**
 * The same for one file of a folder that others share. Who doesn't ask for the lock (a shell that looks into a
 * database) isn't held up.
 *
 * @throws FileInUse, UnusableFile
 */
export function lockFile(path: string): Disposable {
  prepareFile(path)
  // By whatever link it is reached.
  const file = existsSync(path) ? realpathSync(path) : path
  return lock(`${file}.lock`, cause => new FileInUse(`another process uses ${path}`, { cause }))
}

/** The lock is SQLite's, which is the operating system's: whatever ends the process ends it. */
function lock(path: string, inUse: (cause: unknown) => Error): Disposable {
  prepareFile(path)
  using opening = new DisposableStack()
  try {
    const lock = opening.use(new DatabaseSync(path, { timeout: 0 }))
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
    return opening.move()
  } catch (cause) {
    const isHeld = cause instanceof Error && 'errcode' in cause && cause.errcode === sqliteBusy
    throw isHeld ? inUse(cause) : unusable(path, cause)
  }
}
