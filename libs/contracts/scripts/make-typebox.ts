import { readFile, writeFile } from 'node:fs/promises'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/*
 * node make-typebox.ts [--check]
 *
 * Bundles the exports of typebox.d.ts, from the installed TypeBox, into one module. With --check, fails if the module
 * differs.
 */

const folder = new URL('../src/typebox/', import.meta.url)
const exported = await readFile(new URL('typebox.d.ts', folder), 'utf8')
const license = await readFile(new URL('../../../node_modules/typebox/license', import.meta.url), 'utf8')
const { outputFiles } = await build({
  stdin: { contents: exported, resolveDir: fileURLToPath(folder) },
  absWorkingDir: fileURLToPath(new URL('../../..', import.meta.url)), // file names in the module are relative to it
  banner: { js: `// Made by \`npm run typebox\`: do not edit.\n/*\n${license}*/` },
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node24',
  legalComments: 'none',
  write: false,
})
const bundle = outputFiles[0]?.text ?? ''
const file = new URL('typebox.js', folder)
if (!process.argv.includes('--check')) await writeFile(file, bundle)
else if (bundle !== (await readFile(file, 'utf8'))) {
  process.stderr.write('typebox.js was not made from the installed TypeBox: run `npm run typebox`\n')
  process.exitCode = 1
}
