import { existsSync } from 'node:fs'

const jemallocPaths = [
  '/usr/lib/x86_64-linux-gnu/libjemalloc.so.2',
  '/usr/lib/aarch64-linux-gnu/libjemalloc.so.2',
  '/usr/lib/libjemalloc.so.2',
]

/**
 * Environment of a process that works on images, so that memory which is free goes back: jemalloc where it is
 * installed, else fewer of glibc's arenas (lovell/sharp#955).
 */
export function memoryEnvironment(): { LD_PRELOAD: string } | { MALLOC_ARENA_MAX: string } {
  const jemalloc = jemallocPaths.find(path => existsSync(path))
  return jemalloc === undefined ? { MALLOC_ARENA_MAX: '2' } : { LD_PRELOAD: jemalloc }
}
