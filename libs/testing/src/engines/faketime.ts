import { existsSync, globSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { temporaryFolder } from '../temporary-folder.ts'

export interface SettableClock {
  /** The environment of the processes that use this clock. */
  readonly env: Readonly<Record<string, string>>
  /** Sets the offset in seconds from the real time of day: in all those processes, at once. */
  set(bySeconds: number): void
}

/**
 * A time of day that can be set while processes run (libfaketime). As on a real machine, the monotonic time is not
 * affected.
 */
export function settableClock(t: TestContext): SettableClock {
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
  if (library === undefined) throw new Error('faketime is installed without its library')
  const file = join(temporaryFolder(t), 'clock')
  const set = (bySeconds: number) => {
    writeFileSync(`${file}.new`, `${bySeconds < 0 ? '' : '+'}${bySeconds}\n`)
    renameSync(`${file}.new`, file) // no process reads half a file
  }
  set(0)
  process.once('exit', removeSharedMemory)
  return {
    set,
    env: {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
  }
}

/** Removes the shared memory of processes that have ended: libfaketime leaves it when its process is killed. */
function removeSharedMemory(): void {
  for (const path of globSync('/dev/shm/{,sem.}faketime_{shm,sem}_*')) {
    if (!existsSync(`/proc/${path.split('_').at(-1)}`)) rmSync(path, { force: true })
  }
}
