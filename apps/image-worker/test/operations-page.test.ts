import assert from 'node:assert/strict'
import { access, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { operationNames } from '@darkroom/contracts'
import { operationsPage } from '../scripts/operations-page.ts'

const docs = new URL('../../../docs/', import.meta.url)

test('docs/operations.md is generated from the table of operations (by npm run docs)', async () => {
  assert.equal(await readFile(new URL('operations.md', docs), 'utf8'), operationsPage())
})

test('every operation has a picture', async () => {
  for (const name of ['before', ...operationNames]) await access(new URL(`operations/${name}.webp`, docs))
})
