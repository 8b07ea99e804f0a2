import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Functions that start processes or use disks or networks. Tests that use them, even indirectly, need `npm test`. */
const starts =
  /\b(start(Darkroom|Etcd|ObjectStore|Postgres|Program|Redis|Script|Serf|Service)|withEngine|inMountNamespace|makeDiskImage|makeNetwork)\b|node:child_process/

/** The first line of a test file that is not quick for another reason begins with this, and names the reason. */
const mark = '// Not for test:quick: '

/** The test files that need neither processes nor much time: they start nothing and have no mark. */
export function quickFiles(): string[] {
  const files = globSync([
    'test/*.test.ts',
    'libs/*/test/**/*.test.ts',
    'apps/!(darkroom)/test/**/*.test.ts',
  ]).sort()
  return files.filter(
    file => !readFileSync(file, 'utf8').startsWith(mark) && !startsSomething(resolve(file), new Set()),
  )
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
