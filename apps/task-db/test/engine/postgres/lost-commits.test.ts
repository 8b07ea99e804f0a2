import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { StoreUnavailable } from '@darkroom/service-kit'
import { startPostgres, until, withEngine } from '@darkroom/testing'
import { changed, leaseMs } from '../../conformance/open-engine.ts'
import { facts, newTask, taskId } from '../../sample-tasks.ts'
import { type Loss, startLossyConnection } from './lossy-connection.ts'
import { emptySchema, openPostgresStore } from './postgres-store.ts'

await withEngine('postgres', async program => {
  const { url } = await startPostgres({ after }, program)

  for (const loss of ['commit', 'answer'] satisfies Loss[]) {
    test(`fault: the ${loss} of a transaction is lost: it takes effect once, and its result is right`, async t => {
      const connection = await startLossyConnection(t, await emptySchema(url))
      const store = await openPostgresStore(connection.url)
      t.after(() => store.close())

      connection.lose(loss)
      const { isNew } = await store.create(taskId(1), newTask({ idempotencyKey: 'upload-1' }))
      assert.equal(isNew, true)

      connection.lose(loss)
      const task = await store.claim('worker-1', leaseMs)
      assert.deepEqual([task?.id, task?.claims, task?.attempts], [taskId(1), 1, 1])
      assert.deepEqual(await store.get(taskId(1)), task)

      connection.lose(loss)
      changed(await store.apply(taskId(1), { type: 'return', token: 1 }))
      connection.lose(loss)
      const again = changed(await store.apply(taskId(1), { type: 'claim', worker: 'worker-2', leaseMs }))
      assert.deepEqual([again.claims, again.attempts, again.lease?.worker], [2, 1, 'worker-2'])

      connection.lose(loss)
      changed(await store.apply(taskId(1), { type: 'finish', token: 2, result: facts }))
      connection.lose(loss)
      assert.equal(await store.delete(taskId(1)), true)
      assert.equal(connection.losses, 6)
      assert.deepEqual((await store.stats()).finished, 0)
    })
  }

  test('fault: claims get no response in time: the task that was leased waits again, and no attempt counts', async t => {
    const connection = await startLossyConnection(t, await emptySchema(url))
    const store = await openPostgresStore(connection.url, { timeoutMs: 2000 })
    t.after(() => store.close())
    await store.create(taskId(1), newTask())
    connection.disconnectAfter('worker-')
    const claims = await Promise.allSettled([1, 2].map(n => store.claim(`worker-${n}`, leaseMs)))
    for (const claim of claims)
      assert.ok(claim.status === 'rejected' && claim.reason instanceof StoreUnavailable, String(claim.status))
    connection.reconnect()
    const task = await until('the task waits again', async () => {
      const task = await store.get(taskId(1))
      return task?.claims === 1 && task.state === 'not-started' && task
    })
    assert.equal(task.attempts, 0)
  })

  test('fault: a change whose commit was in doubt is announced, with either outcome', async t => {
    const connection = await startLossyConnection(t, await emptySchema(url))
    const store = await openPostgresStore(connection.url)
    t.after(() => store.close())
    const received: string[] = []
    store.onChange(change => {
      if (change.kind === 'stored') received.push(change.task.id)
    })
    connection.lose('answer')
    await store.create(taskId(1), newTask())
    assert.deepEqual(received, [taskId(1)])
  })
})
