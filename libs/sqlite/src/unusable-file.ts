/** SQL that is wrong, or used wrongly (https://sqlite.org/rescode.html): a mistake of ours. */
const ourMistakes = [1, 21]

/** A file that can't be used as it was asked for; the message says which file, and why. */
export class UnusableFile extends Error {}

/** What SQLite throws about a file, as an UnusableFile; any other error as it is. */
export function unusable(path: string, error: unknown): unknown {
  const isSqlite = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
  // The low byte is the kind of error, the others are details of it.
  if (!isSqlite || ourMistakes.includes((error.errcode as number) & 0xff)) return error
  return new UnusableFile(`${path}: ${error.message}`, { cause: error })
}
