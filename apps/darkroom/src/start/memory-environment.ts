import { existsSync } from 'node:fs'

const jemallocPaths = [
  '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2',
  '/usr/lib/aarch64-linux-gnu/libjemalloc.so.2',
  '/usr/lib/libjemalloc.so.2',
]

/**
 * The environment of a process that works on images. With jemalloc, if it is installed, or else with fewer arenas of glibc,
 * free memory is returned to the system.
 */
export function memoryEnvironment(): { LD_PRELOAD: string } | { MALLOC_ARENA_MAX: string } {
  const jemalloc = jemallocPaths.find(path => existsSync(path))
  return jemalloc === undefined ? { MALLOC_ARENA_MAX: '2' } : { LD_PRELOAD: jemalloc }
}
