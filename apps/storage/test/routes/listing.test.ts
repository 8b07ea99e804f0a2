import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { test } from 'node:test'
import { httpRequest } from '@darkroom/testing'
import { problemOf, serve } from '../serve.ts'

test('GET /images lists the keys of a stage in pages', async t => {
  const { url } = await serve(t)
  const keys = ['a', 'b', 'c', 'd', 'e']
  for (const key of keys) await httpRequest(url, `/images/${key}/post`, { method: 'PUT', body: key })
  await httpRequest(url, '/images/f/pre', { method: 'PUT', body: 'f' })
  const listed: string[] = []
  let cursor = ''
  do {
    const page = (await httpRequest(url, `/images?stage=post&limit=2${cursor}`)).json()
    const blobs = page.blobs as { key: string; modifiedAt: string }[]
    assert.ok(blobs.length <= 2)
    for (const { key, modifiedAt } of blobs) {
      listed.push(key)
      assert.equal(new Date(modifiedAt).toISOString(), modifiedAt)
    }
    cursor = page.next === undefined ? '' : `&cursor=${encodeURIComponent(String(page.next))}`
  } while (cursor !== '')
  assert.deepEqual(listed.sort(), keys)
})

test('GET /images requires a stage, and a valid limit and cursor', async t => {
  const { url } = await serve(t)
  for (const query of [
    '',
    '?stage=other',
    '?stage=pre&limit=0',
    '?stage=pre&limit=1001',
    '?stage=pre&limit=1.5',
    '?stage=pre&x=1',
  ]) {
    const refused = await httpRequest(url, `/images${query}`)
    assert.equal(refused.status, 400, query)
    assert.equal(problemOf(refused), 'invalid-request')
  }
  for (const cursor of ['zz', '..%2f..', '%00', 'ff/zzzz', '/']) {
    const refused = await httpRequest(url, `/images?stage=pre&cursor=${cursor}`)
    assert.deepEqual([refused.status, problemOf(refused)], [400, 'invalid-cursor'], cursor)
  }
})

test('the service is ready while its folder exists', async t => {
  const { url, folder } = await serve(t)
  assert.equal((await httpRequest(url, '/readyz')).status, 200)
  rmSync(folder, { recursive: true })
  assert.ok((await httpRequest(url, '/readyz')).status >= 500)
  assert.equal((await httpRequest(url, '/healthz')).status, 200)
})

test('OpenAPI names every route', async t => {
  const { url } = await serve(t)
  const document = (await httpRequest(url, '/openapi.json')).json()
  for (const path of ['/images', '/images/{key}/{stage}']) assert.ok(path in Object(document.paths), path)
})
