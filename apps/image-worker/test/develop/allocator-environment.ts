import { existsSync } from 'node:fs'

const jemalloc = '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2'

/** The allocator of a worker's process: jemalloc if it is installed, otherwise fewer arenas of glibc. */
export const workersAllocator: Readonly<Record<string, string>> = existsSync(jemalloc)
  ? { LD_PRELOAD: jemalloc }
  : { MALLOC_ARENA_MAX: '2' }

/** Returns free memory to the system at once, so that fragments are not mistaken for a leak. */
export const exactAllocator = {
  ...workersAllocator,
  MALLOC_CONF: 'dirty_decay_ms:0,muzzy_decay_ms:0',
}
