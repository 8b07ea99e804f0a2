import { closeSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder } from './make-folder.ts'
import { sqliteCodeOf, sqliteCodes } from './sqlite-error.ts'

/** Invalid SQL, or misuse of SQLite (https://sqlite.org/rescode.html): bugs in Darkroom. */
const ourMistakes = [1, 21]
/** The file or its folder can't be opened or written: SQLITE_PERM, SQLITE_READONLY, SQLITE_CANTOPEN. */
const missingRights = [3, 8, 14]
const advice = 'make the file and its folder writable for this user'

const remedies: Readonly<Record<number, string>> = {
  [sqliteCodes.full]: 'free some space on its disk',
  [sqliteCodes.damaged]: 'restore it from a backup',
  [sqliteCodes.notADatabase]: 'name another file, or restore it from a backup',
}

/** A file that can't be used as requested. The message names the file and the reason. */
export class UnusableFile extends Error {}

/** Creates the folder for a file. @throws UnusableFile */
export function prepareFile(path: string): void {
  let found: Stats | undefined
  try {
    makeFolder(dirname(path))
    found = statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw new UnusableFile(code === 'EACCES' ? `${message}; ${advice}` : message, { cause })
  }
  if (found?.isDirectory()) throw new UnusableFile(`${path} is a folder; name a file in it`)
}

/** Turns SQLite's error about a file into an UnusableFile; returns any other error unchanged. */
export function unusable(path: string, error: unknown): unknown {
  const code = sqliteCodeOf(error)
  if (code === undefined || ourMistakes.includes(code)) return error
  const message = `${path}: ${(error as Error).message}`
  const remedy = missingRights.includes(code) ? adviceOnRights(path) : remedies[code]
  return new UnusableFile(remedy ? `${message}; ${remedy}` : message, { cause: error })
}

/** SQLite has the same error for missing rights and for too many open files. */
function adviceOnRights(path: string): string {
  try {
    closeSync(openSync(dirname(path), 'r'))
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (['EMFILE', 'ENFILE'].includes(code)) return 'too many files are open: raise the limit (ulimit -n)'
  }
  return advice
}
