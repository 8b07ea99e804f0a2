import { sqliteCodeOf } from './sqlite-error.ts'

/** SQLITE_PERM, BUSY, LOCKED, NOMEM, READONLY, IOERR and CANTOPEN (https://sqlite.org/rescode.html). */
const refusals = [3, 5, 6, 7, 8, 10, 14]
const systemErrors = new Set([
  'EACCES',
  'EIO',
  'EMFILE',
  'ENFILE',
  'ENODEV',
  'ENOENT',
  'ENOMEM',
  'ENXIO',
  'EPERM',
  'EROFS',
  'ESTALE',
])

/**
 * Whether an error of SQLite or of `node:fs` is caused by the disk, the rights of this user, or a limit of the process:
 * the same request may succeed later. Linux makes a disk read-only after an error (`errors=remount-ro`). A full disk isn't
 * included.
 */
export function isDiskError(error: unknown): boolean {
  const code = sqliteCodeOf(error)
  if (code !== undefined) return refusals.includes(code)
  const isOfFiles = error instanceof Error && 'syscall' in error && 'code' in error
  return isOfFiles && systemErrors.has(String(error.code))
}
