import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NewTask } from '@darkroom/contracts'
import { failUndecodable } from '../../src/housekeeping/fail-undecodable.ts'
import { TaskDbQueue } from '../../src/queue/task-db.ts'
import { startNeighbours } from '../neighbours.ts'
import { idOf, putTask, taskOf } from '../queue/sample-tasks.ts'
import { facts } from '../sample-facts.ts'

const heic = { original: { ...facts, contentType: 'image/heic' } }
const variants = { thumb: { operations: [{ name: 'flip' }] } } satisfies NewTask['variants']

test('waiting images of types that no worker decodes fail with the package to install, and can be retried', async t => {
  const { taskDb } = (await startNeighbours(t)).clients
  const queue = new TaskDbQueue({ taskDb, leaseMs: 60_000 })
  const signal = new AbortController().signal
  const failAll = (types: string[]) => failUndecodable(types, { taskDb, queue, signal })
  const statesOf = async (numbers: number[]) =>
    Promise.all(numbers.map(async number => (await taskOf(taskDb, number)).state))
  await putTask(taskDb, 1, heic)
  await putTask(taskDb, 2, { ...heic, variants })
  await putTask(taskDb, 3)
  await putTask(taskDb, 4, { ...heic, owner: 'alice' })
  await putTask(taskDb, 5, { owner: 'alice', urgency: 0 })
  assert.equal(await failAll([]), 0)

  assert.equal(await failAll(['image/heic']), 2)
  const waits = 'not-started'
  assert.deepEqual(await statesOf([1, 2, 3, 4, 5]), ['failed', 'failed', waits, waits, waits])
  const { error } = await taskOf(taskDb, 1)
  assert.equal(error?.type, 'urn:darkroom:problem:not-decodable')
  assert.match(
    String(error?.detail),
    /^no worker decodes image\/heic: install the package libheif-js .* retry/,
  )
  // The more urgent image of the same owner has lost no attempt.
  assert.equal((await taskOf(taskDb, 5)).attempts, 0)

  const claimed = await taskDb.claimGivenTask({
    params: { id: idOf(5) },
    body: { worker: 'able', leaseMs: 60_000 },
  })
  assert.equal(claimed.status, 200)
  await taskDb.retryTask({ params: { id: idOf(1) } })
  assert.equal(await failAll(['image/heic']), 2)
  assert.deepEqual(await statesOf([1, 4]), ['failed', 'failed'])
})
