/** The result codes on which the code depends (https://sqlite.org/rescode.html). */
export const sqliteCodes = { busy: 5, damaged: 11, full: 13, notADatabase: 26 } as const

/** The result code of an error of SQLite, without its details; undefined for any other error. */
export function sqliteCodeOf(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined
  // The low byte is the kind of error; the others hold details.
  return typeof code === 'number' ? code & 0xff : undefined
}
