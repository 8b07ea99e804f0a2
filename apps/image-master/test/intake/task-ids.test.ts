import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TaskId } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { TaskIds } from '../../src/intake/task-ids.ts'

function prepare(newest: () => Promise<string | undefined> = async () => undefined) {
  const clock = { ms: Date.parse('2026-01-01T00:00:00.000Z') }
  return { clock, ids: new TaskIds({ clock: { now: () => clock.ms }, newest }) }
}

function take(ids: TaskIds, count: number): Promise<string[]> {
  return Promise.all(Array.from({ length: count }, () => ids.next()))
}

function assertOrdered(ids: readonly string[]): void {
  assert.deepEqual(ids, ids.toSorted())
  assert.equal(new Set(ids).size, ids.length)
}

test('ids of tasks begin with the time of day, and no two are alike', async () => {
  const { ids } = prepare()
  const [one = '', other = ''] = [await ids.next(), await prepare().ids.next()]
  assert.ok(Value.Check(TaskId, one), one)
  assert.equal(one.slice(0, 13), '019b76da-a800')
  assert.notEqual(one, other)
})

test('ids that are made within one millisecond are in the order of arrival, however many they are', async () => {
  const { clock, ids } = prepare()
  const taken = await take(ids, 20_000)
  clock.ms += 1
  taken.push(...(await take(ids, 2)))
  for (const id of taken) assert.ok(Value.Check(TaskId, id), id)
  assertOrdered(taken)
})

test('fault: the clock is set back an hour: ids stay in the order of arrival, and then follow the clock again', async () => {
  const { clock, ids } = prepare()
  const taken = await take(ids, 3)
  clock.ms -= 3_600_000
  taken.push(...(await take(ids, 5000)))
  clock.ms += 3_700_000
  taken.push(await ids.next())
  assertOrdered(taken)
  assert.equal(Number.parseInt(taken.at(-1)?.slice(0, 13).replace('-', '') ?? '', 16), clock.ms)
})

test('fault: the clock was set back before a restart: ids continue after the newest task', async () => {
  const before = await take(prepare().ids, 5)
  const { clock, ids } = prepare(async () => before.at(-1))
  clock.ms -= 3_600_000
  assertOrdered([...before, ...(await take(ids, 5))])
})

test('fault: the task DB does not answer the first request for ids: that upload fails, and the next tries again', async () => {
  const responses = [Promise.reject(new Error('it is unavailable')), Promise.resolve(undefined)]
  const { ids } = prepare(async () => responses.shift())
  await assert.rejects(ids.next(), /it is unavailable/)
  assertOrdered(await take(ids, 2))
  assert.equal(responses.length, 0)
})
