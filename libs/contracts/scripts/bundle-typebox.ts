import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const exported = new URL('../src/typebox/typebox.d.ts', import.meta.url)
/** What every service and command loads in place of typebox's 680 files. */
export const bundleFile = new URL('../src/typebox/typebox.js', import.meta.url)

/** TypeBox, as it is installed, in one module: what typebox.d.ts exports. */
export async function bundleTypebox(): Promise<string> {
  const license = await readFile(new URL('../../../node_modules/typebox/license', import.meta.url), 'utf8')
  const { outputFiles } = await build({
    stdin: { contents: await readFile(exported, 'utf8'), resolveDir: fileURLToPath(new URL('.', exported)) },
    banner: { js: `// Made by \`npm run typebox\`: do not edit.\n/*\n${license}*/` },
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    legalComments: 'none',
    write: false,
  })
  const [bundle] = outputFiles
  if (!bundle) throw new Error('esbuild made no bundle')
  return bundle.text
}
