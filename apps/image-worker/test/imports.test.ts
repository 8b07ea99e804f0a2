import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'

const root = resolve(import.meta.dirname, '../src')

test('the parts of a folder, which are files and folders, import each other in one direction', () => {
  const folders = new Map<string, Map<string, Set<string>>>()
  for (const [from, to] of imports()) {
    const { folder, parts } = whereTheyPart(from.split('/'), to.split('/'))
    const importsOf = folders.get(folder) ?? new Map<string, Set<string>>()
    folders.set(folder, importsOf)
    importsOf.set(parts[0], (importsOf.get(parts[0]) ?? new Set()).add(parts[1]))
  }
  assert.ok(folders.size > 5)
  for (const [folder, importsOf] of folders) {
    const visit = (part: string, path: readonly string[]): void => {
      assert.ok(!path.includes(part), `in src/${folder}: ${[...path, part].join(' imports from ')}`)
      for (const next of importsOf.get(part) ?? []) visit(next, [...path, part])
      importsOf.delete(part) // leads to no circle
    }
    for (const part of importsOf.keys()) visit(part, [])
  }
})

/** The files below src that import each other. */
function* imports(): Generator<[from: string, to: string]> {
  for (const file of globSync('**/*.ts', { cwd: root }))
    for (const [, target = ''] of readFileSync(join(root, file), 'utf8').matchAll(/ from\s'(\.[^']+)'/g))
      yield [file, join(dirname(file), target)]
}

/** The innermost folder that contains two files, and the parts of this folder that contain each. */
function whereTheyPart(one: readonly string[], other: readonly string[]) {
  const depth = one.findIndex((name, at) => name !== other[at])
  const parts: [string, string] = [one[depth] ?? '', other[depth] ?? '']
  return { folder: one.slice(0, depth).join('/'), parts }
}
