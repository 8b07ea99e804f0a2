import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { until } from '@darkroom/testing'

test('a thread at rest returns the memory of its garbage to the system', async t => {
  const thread = new Worker(new URL('fill-heap.ts', import.meta.url))
  t.after(() => thread.terminate())
  const [full] = (await once(thread, 'message')) as [number]
  assert.ok(full > 80_000_000, String(full))
  // By itself, V8 collects after 8 s, and leaves 11 MB.
  await until('less than a tenth of the heap is left', async () => {
    const { total_physical_size: bytes } = await thread.getHeapStatistics()
    return bytes < full / 10
  })
})
