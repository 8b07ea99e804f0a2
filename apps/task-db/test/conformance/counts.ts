import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../sample-tasks.ts'
import type { OpenEngine } from './open-engine.ts'

export function countsAddUp(openEngine: OpenEngine): void {
  test('counts of a minute add up, and old minutes are forgotten', async t => {
    const store = await openEngine(t, new ManualClock())
    await store.addCounts([{ minute: 10, name: 'finished', count: 2 }], 0)
    await Promise.all(
      [1, 2, 3].map(count =>
        store.addCounts(
          [
            { minute: 12, name: 'waiting 5', count },
            { minute: 11, name: 'finished', count },
          ],
          0,
        ),
      ),
    )
    assert.deepEqual(
      (await store.listCounts(11)).sort((a, b) => a.minute - b.minute),
      [
        { minute: 11, name: 'finished', count: 6 },
        { minute: 12, name: 'waiting 5', count: 6 },
      ],
    )
    assert.equal((await store.listCounts(0)).length, 3)
    await store.addCounts([{ minute: 12, name: 'failed', count: 1 }], 12)
    assert.deepEqual((await store.listCounts(0)).map(({ name, count }) => `${name} ${count}`).sort(), [
      'failed 1',
      'waiting 5 6',
    ])
  })
}
