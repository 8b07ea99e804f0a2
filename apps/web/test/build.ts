import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** Builds the page from the sources that are tested. */
export function buildPage(): void {
  build(root)
}

/**
 * Builds the page in an empty folder with only the files that .dockerignore gives to the build of the image. Returns the
 * folder of the built page.
 */
export function buildAsInImage(folder: string): string {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const given = lines.filter(line => line.startsWith('!')).map(line => line.slice(1))
  const left = new Set(['node_modules', 'data', 'dist', 'test'])
  for (const path of given) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    cpSync(join(root, path), join(folder, path), {
      recursive: true,
      filter: source => !left.has(basename(source)),
    })
  }
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  build(folder)
  return join(folder, 'apps/web/dist')
}

/** @throws if there is no new page: without Vite, a build keeps the page that was built before */
export function build(folder: string): void {
  const dist = join(folder, 'apps/web/dist')
  const former = statSync(dist, { throwIfNoEntry: false })?.ino
  const { stderr } = spawnSync(process.execPath, [join(folder, 'apps/web/build/build.ts')], {
    encoding: 'utf8',
  })
  const built = statSync(dist, { throwIfNoEntry: false })?.ino
  if (built === undefined || built === former) throw new Error(`the page was not built: ${stderr}`)
}
