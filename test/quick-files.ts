import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** What starts processes, disks or networks: tests that use it, also by their own helpers, are for `npm test`. */
const starts =
  /\b(start(Darkroom|Etcd|ObjectStore|Postgres|Program|Redis|Script|Serf|Service)|withEngine|inMountNamespace|makeDiskImage|makeNetwork)\b|node:child_process/

/** Time limits of threads, measured memory, a compiler, hours of simulated clusters; and what counts its examples. */
const takeLong = [
  'apps/cluster-state/test/simulation/simulation.test.ts',
  'apps/image-worker/test/develop/mend/mend.test.ts',
  'apps/image-worker/test/develop/orientation.test.ts',
  'apps/image-worker/test/kernels.test.ts',
  'apps/image-worker/test/permute/permute-gif.test.ts',
  'apps/image-worker/test/permute/permute-png-memory.test.ts',
  'apps/image-worker/test/permute/permute-png-mutations.test.ts',
  'apps/image-worker/test/pool/pool.test.ts',
  'apps/storage/test/engine/file.test.ts',
]

/** The test files that need neither processes nor much time. A new file is one of them unless it starts something. */
export function quickFiles(): string[] {
  const files = globSync([
    'test/*.test.ts',
    'libs/*/test/**/*.test.ts',
    'apps/!(darkroom)/test/**/*.test.ts',
  ]).sort()
  return files.filter(file => !takeLong.includes(file) && !startsSomething(resolve(file), new Set()))
}

function startsSomething(file: string, seen: Set<string>): boolean {
  if (seen.has(file)) return false
  seen.add(file)
  const source = readFileSync(file, 'utf8')
  if (starts.test(source)) return true
  return [...source.matchAll(/from '(\.[^']+\.ts)'/g)]
    .map(([, path = '']) => resolve(dirname(file), path))
    .some(path => path.includes('/test/') && existsSync(path) && startsSomething(path, seen))
}
