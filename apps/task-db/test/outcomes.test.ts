import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from '@darkroom/contracts'
import { createLogger } from '@darkroom/service-kit'
import { RecordedTally } from '@darkroom/testing'
import type { MinuteCount } from '../src/engine/engine.ts'
import { Outcomes } from '../src/outcomes.ts'
import { beginTask } from '../src/transitions.ts'
import { openStore } from './build-test-app.ts'
import { error, facts, newTask, taskId } from './sample-tasks.ts'

const logger = createLogger('task-db', 'silent')
const now = Date.parse('2026-01-01T12:00:30.000Z')

function at(ms: number): string {
  return new Date(now + ms).toISOString()
}

function ended(number: number, times: Partial<Task>): Task {
  const begun = beginTask(taskId(number), newTask(), new Date(now))
  return { ...begun, state: 'finished', result: facts, ...times }
}

test('the last hour has throughput, failures by reason and percentiles of durations', async t => {
  const store = openStore(t)
  const copies = [1, 2].map(() => new Outcomes({ store, tally: new RecordedTally(), logger, now: () => now }))
  t.after(async () => {
    await Promise.all(copies.map(copy => copy.close()))
    await store.close()
  })
  for (let number = 1; number <= 100; number++)
    copies[number % 2]?.add(
      ended(number, {
        createdAt: at(-20_000),
        startedAt: at(-10_000),
        finishedAt: at(100 * number - 10_000),
      }),
    )
  copies[0]?.add(ended(101, { state: 'failed', error, finishedAt: at(-61_000) }))
  copies[0]?.add(ended(102, { createdAt: at(-9e6), finishedAt: at(-61 * 60_000) })) // more than an hour ago
  const retried = {
    createdAt: at(-9e6),
    retriedAt: at(-20_000),
    startedAt: at(-10_000),
    finishedAt: at(-5000),
  }
  for (const number of [103, 104, 105]) copies[1]?.add(ended(number, retried))
  await copies[0]?.flush()
  const hour = await (copies[1] as Outcomes).lastHour()
  assert.deepEqual([hour.finished, hour.failed], [103, 1])
  assert.equal(hour.perMinute.length, 60)
  assert.deepEqual(hour.perMinute.at(-1), { at: '2026-01-01T12:00:00.000Z', finished: 103, failed: 0 })
  assert.deepEqual(hour.perMinute.at(-3), { at: '2026-01-01T11:58:00.000Z', finished: 0, failed: 0 })
  assert.equal(hour.perMinute.at(-2)?.failed, 1)
  assert.deepEqual(hour.failures, [{ type: error.type, count: 1 }])
  const { waiting, developing, total } = hour.milliseconds
  assert.deepEqual([waiting.count, developing.count, total.count], [103, 103, 103])
  for (const [got, right] of [
    [waiting.p50, 10_000],
    [developing.p50, 5000],
    [developing.p90, 9000],
    [developing.p99, 9900],
    [total.p99, 19_900],
  ] as const)
    assert.ok(Math.abs(got - right) / right < 0.05, `${got} is not ${right}`)
})

test('outcomes are kept while the store does not answer, and are stored once', async t => {
  const stored: MinuteCount[] = []
  let isAway = true
  const store = {
    async addCounts(counts: readonly MinuteCount[]) {
      if (isAway) throw new Error('away')
      stored.push(...counts)
    },
    listCounts: async () => stored,
  }
  const outcomes = new Outcomes({ store, tally: new RecordedTally(), logger, now: () => now })
  t.after(() => outcomes.close())
  const task = ended(1, { state: 'failed', error, finishedAt: at(0) })
  outcomes.add(task)
  await outcomes.flush()
  outcomes.add(task)
  isAway = false
  assert.equal((await outcomes.lastHour()).failed, 2)
  await outcomes.flush()
  assert.equal(stored.filter(({ name }) => name === 'failed').length, 1)
})
