import assert from 'node:assert/strict'
import { test } from 'node:test'
import { logger } from '@darkroom/image-master/testing'
import { until } from '@darkroom/testing'
import { LoadHistory } from '../../src/stats/load-history.ts'

test('the load is counted every minute, and kept for an hour; a failed count leaves a gap', async t => {
  let asked = 0
  const taskDb = {
    async getStats() {
      asked++
      if (asked === 2) throw new Error('the task DB does not answer')
      const body = { 'not-started': asked, 'in-progress': 2, finished: 0, failed: 0 }
      return { status: 200 as const, body, headers: {} }
    },
  }
  const history = new LoadHistory({ taskDb, logger, everyMs: 1 })
  t.after(() => history.close())
  const first = await until('the load was counted', () => history.samples.length >= 3 && history.samples)
  assert.deepEqual(
    first.slice(0, 3).map(({ waiting, developing }) => [waiting, developing]),
    [
      [1, 2],
      [3, 2],
      [4, 2],
    ],
  )
  assert.ok(Math.abs(Date.parse(first.at(-1)?.at ?? '') - Date.now()) < 60_000)
  await until('more than an hour has been counted', () => asked > 70)
  await history.close()
  assert.deepEqual(
    history.samples.map(({ waiting }) => waiting),
    Array.from({ length: 60 }, (_, at) => asked - 59 + at),
  )
})
