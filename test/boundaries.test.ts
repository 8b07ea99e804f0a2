import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { suite, test } from 'node:test'
import { serviceNames } from '../libs/contracts/src/service.ts'

const root = resolve(import.meta.dirname, '..')
const services = serviceNames.map(name => `@darkroom/${name}`)

/** The packages of Darkroom that each package may depend on. */
const allowedEdges: Record<string, string[]> = {
  '@darkroom/client': [],
  '@darkroom/contracts': [],
  '@darkroom/crdt': [],
  '@darkroom/image-header': [],
  '@darkroom/sqlite': [],
  '@darkroom/testing': [],
  '@darkroom/service-kit': ['@darkroom/contracts'],
  '@darkroom/cluster-state': [
    '@darkroom/contracts',
    '@darkroom/crdt',
    '@darkroom/service-kit',
    '@darkroom/sqlite',
  ],
  '@darkroom/frontend': ['@darkroom/contracts', '@darkroom/service-kit'],
  '@darkroom/image-master': ['@darkroom/contracts', '@darkroom/service-kit', '@darkroom/image-header'],
  '@darkroom/image-worker': ['@darkroom/contracts', '@darkroom/service-kit', '@darkroom/image-header'],
  '@darkroom/kv-config': ['@darkroom/contracts', '@darkroom/service-kit', '@darkroom/sqlite'],
  '@darkroom/storage': ['@darkroom/contracts', '@darkroom/service-kit', '@darkroom/sqlite'],
  '@darkroom/task-db': ['@darkroom/contracts', '@darkroom/service-kit', '@darkroom/sqlite'],
  '@darkroom/web': ['@darkroom/contracts'],
  darkroom: [
    '@darkroom/client',
    '@darkroom/contracts',
    '@darkroom/service-kit',
    '@darkroom/sqlite',
    ...services,
  ],
}
/** Further packages that tests may use: tests of services run with their real neighbours. */
const allowedInTests = (folder: string) => [
  '@darkroom/testing',
  ...(folder.startsWith('apps') ? services : []),
]

/** The only packages that may depend on a heavy package at run time. */
const guarded: Record<string, string[]> = { sharp: ['@darkroom/image-worker', '@darkroom/testing'] }

interface Package {
  name: string
  folder: string
  dependencies: string[]
  devDependencies: string[]
}

const packages: Package[] = globSync('{apps,libs}/*/package.json', { cwd: root }).map(path => {
  const { name, dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync(join(root, path), 'utf8'))
  const [declared, declaredForTests] = [Object.keys(dependencies), Object.keys(devDependencies)]
  return { name, folder: dirname(path), dependencies: declared, devDependencies: declaredForTests }
})
const isOwn = (name: string) => packages.some(each => each.name === name)

suite('the package graph', () => {
  for (const { name, folder, dependencies, devDependencies } of packages) {
    test(`${name} depends on what it may, and its code on what it declares`, () => {
      const allowed = allowedEdges[name] ?? []
      assert.deepEqual(without(dependencies.filter(isOwn), allowed), [])
      assert.deepEqual(without(devDependencies.filter(isOwn), [...allowed, ...allowedInTests(folder)]), [])
      for (const [heavy, owners] of Object.entries(guarded))
        assert.ok(!dependencies.includes(heavy) || owners.includes(name), `${heavy} is not for ${name}`)

      const declared = [name, ...dependencies]
      assert.deepEqual(without(importsIn(folder, 'src'), declared), [], 'imported but not declared')
      assert.deepEqual(without(importsIn(folder, 'test'), [...declared, ...devDependencies]), [])
    })
  }

  test('the package graph has no cycle, tests included', () => {
    const visit = (name: string, path: string[]): void => {
      assert.ok(!path.includes(name), [...path, name].join(' -> '))
      const found = packages.find(each => each.name === name)
      if (found)
        for (const next of [...found.dependencies, ...found.devDependencies]) visit(next, [...path, name])
    }
    for (const { name } of packages) visit(name, [])
  })

  test('the threads of the image-worker load no HTTP server', () => {
    const files = globSync('apps/image-worker/src/{thread,develop,permute}/**/*.ts', { cwd: root })
    assert.ok(files.length > 0)
    const whole = files.filter(file =>
      /from '@darkroom\/service-kit'/.test(readFileSync(join(root, file), 'utf8')),
    )
    assert.deepEqual(whole, [], 'import @darkroom/service-kit/clients instead')
  })

  test('the package graph lists only packages that exist', () => {
    assert.deepEqual(Object.keys(allowedEdges).sort(), packages.map(({ name }) => name).sort())
  })
})

function without(names: string[], allowed: string[]): string[] {
  return names.filter(name => !allowed.includes(name))
}

/** The packages that a folder's files import, and paths that lead out of the package. */
function importsIn(folder: string, part: 'src' | 'test'): string[] {
  const home = join(root, folder)
  if (!existsSync(join(home, part))) return []
  const files = globSync(`${part}/**/*.{ts,tsx}`, { cwd: home })
  const specifiers = files.flatMap(file => {
    const source = readFileSync(join(home, file), 'utf8')
    const imports = source.matchAll(/(?:(?<=[\s}])from|^import|\bimport\()\s*['"]([^'"\n]+)['"]/gm)
    return [...imports].map(([, specifier = '']) => ({ file, specifier }))
  })
  const imported = specifiers.flatMap(({ file, specifier }) => {
    if (isBuiltin(specifier)) return []
    if (!specifier.startsWith('.')) return [packageOf(specifier)]
    const target = relative(home, resolve(home, dirname(file), specifier))
    return target.startsWith('..') || (part === 'src' && !target.startsWith('src')) ? [target] : []
  })
  return [...new Set(imported)]
}

/** @scope/name/path -> @scope/name */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
