import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inChunks } from '../content.ts'
import { id, listAll, type OpenEngine, png } from './open-engine.ts'

export function listingsAreComplete(open: OpenEngine): void {
  test('deletes blobs, and accepts that there is no blob', async t => {
    const store = await open(t)
    await store.delete(id)
    await store.put(id, inChunks(Buffer.from('x')), png)
    await store.delete(id)
    await store.delete(id)
    assert.equal(await store.open(id), undefined)
    assert.deepEqual(await listAll(store), [])
  })

  test('lists every blob of a stage once, in pages, while others come and go', async t => {
    const store = await open(t)
    const keys = Array.from({ length: 60 }, (_, n) => `steady-${n}`)
    for (const key of keys) await store.put({ key, stage: 'pre' }, inChunks(Buffer.from(key)), png)
    await store.put({ key: 'elsewhere', stage: 'post' }, inChunks(Buffer.from('x')), png)
    const listed: string[] = []
    let cursor: string | undefined
    for (let page = 0; ; page++) {
      const { blobs, next } = await store.list('pre', { limit: 7, cursor })
      assert.ok(blobs.length <= 7)
      listed.push(...blobs.map(({ key }) => key))
      if (next === undefined) break
      cursor = next
      await store.put({ key: `passing-${page}`, stage: 'pre' }, inChunks(Buffer.from('x')), png)
      if (page > 0) await store.delete({ key: `passing-${page - 1}`, stage: 'pre' })
    }
    assert.deepEqual(listed.filter(key => key.startsWith('steady-')).sort(), keys.toSorted())
    assert.equal(new Set(listed).size, listed.length)
  })

  test('lists when blobs were put', async t => {
    const store = await open(t)
    await store.put(id, inChunks(Buffer.from('x')), png)
    const { blobs, next } = await store.list('pre', { limit: 10 })
    assert.equal(next, undefined)
    assert.equal(blobs[0]?.key, id.key)
    assert.ok(Math.abs(Number(blobs[0]?.modifiedAt) - Date.now()) < 60_000)
    assert.deepEqual(await store.list('post', { limit: 10 }), { blobs: [] })
  })
}
