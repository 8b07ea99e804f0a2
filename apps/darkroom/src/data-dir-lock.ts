import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ExpectedFailure } from './expected-failure.ts'

/**
 * Holds a data folder for this process, until it ends in whatever way: the lock is SQLite's, which is the operating
 * system's. Two that write to one folder would ruin it.
 *
 * @throws ExpectedFailure when another process holds it
 */
export function lockDataDir(dataDir: string): Disposable {
  const lock = new DatabaseSync(join(dataDir, 'lock.sqlite'), { timeout: 0 })
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE')
  } catch (cause) {
    lock.close()
    throw new ExpectedFailure(`another Darkroom uses ${dataDir}; stop it, or set DATA_DIR`, { cause })
  }
  return { [Symbol.dispose]: () => lock.close() }
}
