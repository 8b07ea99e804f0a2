import { mkdirSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

/** SQL that is wrong, or used wrongly (https://sqlite.org/rescode.html): a mistake of ours. */
const ourMistakes = [1, 21]

/** A file that can't be used as it was asked for; the message says which file, and why. */
export class UnusableFile extends Error {}

/** Makes the folder that a file is to stand in. @throws UnusableFile */
export function prepareFile(path: string): void {
  let found: Stats | undefined
  try {
    mkdirSync(dirname(path), { recursive: true })
    found = statSync(path, { throwIfNoEntry: false })
  } catch (cause) {
    throw new UnusableFile((cause as Error).message, { cause })
  }
  if (found?.isDirectory()) throw new UnusableFile(`${path} is a folder; name a file in it`)
}

/** What SQLite throws about a file, as an UnusableFile; any other error as it is. */
export function unusable(path: string, error: unknown): unknown {
  const isSqlite = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  // The low byte is the kind of error, the others are details of it.
  if (!isSqlite || ourMistakes.includes((error.errcode as number) & 0xff)) return error
  return new UnusableFile(`${path}: ${error.message}`, { cause: error })
}
