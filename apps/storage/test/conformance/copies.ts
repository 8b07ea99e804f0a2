import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { test } from 'node:test'
import { asStream, inChunks, MiB, patterned } from '../content.ts'
import { id, type OpenEngine, png } from './open-engine.ts'

export function copiesAreIndependent(open: OpenEngine): void {
  for (const length of [0, 100, 9 * MiB]) {
    test(`copies ${length} bytes, and the copy stays when the first is replaced or deleted`, async t => {
      const store = await open(t)
      const copy = { key: 'a-copy', stage: 'pre' } as const
      const bytes = patterned(length)
      const put = await store.put(id, inChunks(bytes), png)
      const blob = await store.copy(id, copy)
      assert.deepEqual({ kind: 'stored', blob }, put)
      assert.deepEqual(await store.copy(id, copy), blob) // a request that is sent again
      await store.put(id, inChunks(Buffer.from('other')), png)
      await store.delete(id)
      await using found = await store.open(copy, { whole: true })
      assert.deepEqual(found?.blob, blob)
      if (length > 0)
        assert.ok(bytes.equals(await buffer(asStream(found?.read({ start: 0, end: length - 1 }) ?? bytes))))
      const { blobs } = await store.list('pre', { limit: 10 })
      assert.deepEqual(
        blobs.map(({ key }) => key),
        ['a-copy'],
      )
    })
  }

  test('copies nothing if there is nothing to copy', async t => {
    const store = await open(t)
    assert.equal(await store.copy(id, { key: 'a-copy', stage: 'pre' }), undefined)
    assert.deepEqual((await store.list('pre', { limit: 10 })).blobs, [])
  })
}
