import { existsSync, renameSync, rmSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import process from 'node:process'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

/*
 * Builds the page into dist/, with a .br and a .gz beside each text file. Runs at every `npm install`; an installation
 * without the development tools (`npm install --omit=dev`) has no Vite, and keeps the files that were built before.
 */

const home = new URL('..', import.meta.url).pathname
const vite = await import('vite').catch(explainMissing)
if (vite) {
  const built = join(home, 'node_modules/.built')
  const configFile = join(home, 'vite.config.ts')
  await vite.build({ configFile, logLevel: 'warn', build: { outDir: built, emptyOutDir: true } })
  await compressFiles(built)
  replaceFolder(join(home, 'dist'), built)
}

function explainMissing(error: Error): undefined {
  process.stderr.write(
    `The page was not built: Vite cannot be loaded (${error.message.split('\n')[0]}). Darkroom works without the page; npm install with the development tools builds it.\n`,
  )
}

/** Renames at once, so that a Darkroom that starts meanwhile finds the whole page. */
function replaceFolder(folder: string, successor: string): void {
  const former = join(home, 'node_modules/.former')
  rmSync(former, { recursive: true, force: true })
  if (existsSync(folder)) renameSync(folder, former)
  renameSync(successor, folder)
  rmSync(former, { recursive: true, force: true })
}

async function compressFiles(folder: string): Promise<void> {
  const files = await readdir(folder, { recursive: true })
  await Promise.all(
    files.filter(file => /\.(html|css|js|svg|json)$/.test(file)).map(file => compress(join(folder, file))),
  )
}

async function compress(file: string): Promise<void> {
  const bytes = await readFile(file)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length }
  await Promise.all([
    writeFile(`${file}.br`, await promisify(brotliCompress)(bytes, { params })),
    writeFile(`${file}.gz`, await promisify(gzip)(bytes, { level: 9 })),
  ])
}
