import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { serviceNames } from '../libs/contracts/src/service.ts'

const root = resolve(import.meta.dirname, '..')
const documents = globSync('**/*.md', { cwd: root, exclude: ['**/node_modules'] })
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The start of a command in an example, after the variables that are set for it. */
const shellCommands =
  /^(\w+=("[^"]*"|'[^']*'|\S)+ *)*(#|aws|cd|cp|curl|docker|etcdctl|export|for|mv|np[mx]|node|pg_\w+|pm2|rm|serf|sqlite3|sudo|umask|$)/

suite('the documents', () => {
  test('the documents link only to files and headings that exist', () => {
    const broken = documents.flatMap(document =>
      linksOf(read(document))
        .filter(link => !isThere(document, link))
        .map(link => `${document}: ${link}`),
    )
    assert.deepEqual(broken, [])
  })

  test('the documents name only files that exist', () => {
    const missing = documents.flatMap(document =>
      filesNamedIn(read(document))
        .filter(path => !existsSync(join(root, path)))
        .map(path => `${document}: ${path}`),
    )
    assert.deepEqual(missing, [])
  })

  test('the documents begin each line of a shell example with a command', () => {
    const odd = documents.flatMap(document =>
      commandsOf(read(document))
        .filter(line => !shellCommands.test(line))
        .map(line => `${document}: ${line}`),
    )
    assert.deepEqual(odd, [])
  })

  for (const service of serviceNames)
    test(`the documents name every environment variable of ${service} in its README`, async () => {
      const { Config } = await import(`../apps/${service}/src/config.ts`)
      const variables = Object.keys(Config.properties).map(name =>
        name.replace(/[A-Z]/g, letter => `_${letter}`).toUpperCase(),
      )
      const words = new Set(read(`apps/${service}/README.md`).match(/\b[A-Z][A-Z_]+\b/g))
      assert.deepEqual(
        variables.filter(variable => !words.has(variable)),
        [],
      )
    })
})

/** The targets of all links and pictures to files of the repository. */
function linksOf(markdown: string): string[] {
  const text = markdown.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset)="([^"]+)"/g)].map(
    ([, link, source]) => link ?? source ?? '',
  )
  return targets.filter(target => !/^[a-z]+:/.test(target))
}

/** The files of the repository that a text or an example names by their whole path. */
function filesNamedIn(markdown: string): string[] {
  return [...markdown.matchAll(/(?<![\w./-])(?:apps|bench|docker|docs|libs)\/[\w./-]+\.\w+/g)].map(
    ([path]) => path,
  )
}

/** The lines of all shell examples; a line that goes on in the next line counts once. */
function commandsOf(markdown: string): string[] {
  const examples = [...markdown.matchAll(/^```sh\n([\s\S]*?)^```/gm)].map(([, example = '']) => example)
  return examples.flatMap(example => example.replace(/(\\|,)\n\s+/g, ' ').split('\n'))
}

function isThere(document: string, link: string): boolean {
  const [path = '', heading] = link.split('#')
  const target = path === '' ? document : relative(root, resolve(root, dirname(document), path))
  if (!existsSync(join(root, target))) return false
  if (heading === undefined) return true
  const page = statSync(join(root, target)).isDirectory() ? join(target, 'README.md') : target
  return headingsOf(read(page)).includes(heading)
}

/** The fragments of headings, as GitHub makes them. */
function headingsOf(markdown: string): string[] {
  const headings = markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)
  return [...headings].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
