import { chmodSync, mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const memory = '/dev/shm'
/** More than the files of all tests of a run take at once. */
const enoughBytes = 4 * 2 ** 30

/**
 * Creates the folder for the files of a run's tests, which is removed when the run ends. It is in memory if there is room,
 * because most tests commit to small databases, and a disk is slow for each commit. Tests about disks have their own.
 */
export function folderOfRun(): string {
  const folder = mkdtempSync(join(hasRoom() ? memory : tmpdir(), 'darkroom-tests-'))
  chmodSync(folder, 0o1777) // PostgreSQL runs as another user
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)
    process.once(signal, () => process.exit(code))
  return folder
}

function hasRoom(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memory)
    return bavail * bsize >= enoughBytes
  } catch {
    return false // not Linux
  }
}
