import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Functions that start processes or use disks or networks. Tests that use them, even indirectly, need their own process. */
const starts =
  /\b(start(Darkroom|Etcd|ObjectStore|Postgres|Program|Redis|Script|Serf|Service)|withEngine|inMountNamespace|makeDiskImage|makeNetwork)\b|node:child_process/

/** A file whose first line begins with this needs its own process, although it starts nothing; the reason follows. */
const apart = '// In its own process: '

/** A file whose first line begins with this takes over a second of CPU time, or waits for seconds; the reason follows. */
const slow = '// Slow: '

/** The test files that share processes. `npm run test:quick` runs only the quick files. */
export function sharedFiles(): { quick: string[]; slow: string[] } {
  const files = globSync([
    'test/*.test.ts',
    'libs/*/test/**/*.test.ts',
    'apps/!(darkroom)/test/**/*.test.ts',
  ]).sort()
  const shared = files.filter(file => !begins(file, apart) && !startsSomething(resolve(file), new Set()))
  return {
    quick: shared.filter(file => !begins(file, slow)),
    slow: shared.filter(file => begins(file, slow)),
  }
}

const begins = (file: string, mark: string) => readFileSync(file, 'utf8').startsWith(mark)

function startsSomething(file: string, seen: Set<string>): boolean {
  if (seen.has(file)) return false
  seen.add(file)
  const source = readFileSync(file, 'utf8')
  if (starts.test(source)) return true
  return [...source.matchAll(/from '(\.[^']+\.ts)'/g)]
    .map(([, path = '']) => resolve(dirname(file), path))
    .some(path => path.includes('/test/') && existsSync(path) && startsSomething(path, seen))
}
