import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createClient, kvConfigRoutes } from '@darkroom/contracts'
import { keysUnder } from '../../src/clients/keys-under.ts'
import { reply } from '../fake-kv.ts'

const pages: Record<string, { keys: string[]; next?: string }> = {
  '': { keys: ['a/1', 'a/2'], next: 'second' },
  second: { keys: ['a/3'], next: 'third' },
  third: { keys: ['a/4'] },
}

function startPages() {
  const cursors: string[] = []
  const kv = createClient(kvConfigRoutes, async ({ path }) => {
    const { searchParams } = new URL(path, 'http://kv')
    assert.equal(searchParams.get('prefix'), 'a/')
    const cursor = searchParams.get('cursor') ?? ''
    cursors.push(cursor)
    const { keys = [], next } = pages[cursor] ?? {}
    const value = Buffer.from('stored').toString('base64')
    const stored = keys.map(key => ({ key, revision: 1, value }))
    return reply(200, JSON.stringify({ revision: 1, keys: stored, next }))
  })
  return { kv, cursors }
}

test('the keys of all pages are read, with their values', async () => {
  const { kv } = startPages()
  const found = await Array.fromAsync(keysUnder(kv, 'a/'))
  assert.deepEqual(
    found.map(({ key, value }) => [key, value.toString()]),
    [1, 2, 3, 4].map(number => [`a/${number}`, 'stored']),
  )
})

test('a page is read only when its keys are needed', async () => {
  const { kv, cursors } = startPages()
  for await (const { key } of keysUnder(kv, 'a/')) if (key === 'a/3') break
  assert.deepEqual(cursors, ['', 'second'])
})
