// Slow: it waits until leases end.
import assert from 'node:assert/strict'
import { after, suite, type TestContext, test } from 'node:test'
import { startWorkshop } from '../start-workshop.ts'
import { facts, heldDevelopment, runWorkLoop } from './run-work-loop.ts'

/** Leases are renewed only after 20 s, so the worker does not notice earlier changes. */
const workshop = await startWorkshop({ after }, { LEASE_MS: '60000' })

for (const [what, inlineBytes] of [
  ['whose result goes to the master', undefined],
  ['whose result goes to the storage', 0],
] as const) {
  suite(`a slow attempt, ${what}, after another worker took over`, () => {
    async function takenOver(t: TestContext) {
      const { develop, begun, finish } = heldDevelopment(t)
      const loop = runWorkLoop(workshop, { develop, ...(inlineBytes !== undefined && { inlineBytes }) })
      t.after(loop.drain)
      const id = await workshop.addTask('abc')
      await begun
      const token = await workshop.takeOver(id)
      const { imageMaster, storage } = workshop.clients
      const storeNewer = async () => {
        const stored = await storage.putBlob({
          params: { key: id, stage: 'post' },
          querystring: { fence: token },
          headers: { 'content-type': 'image/png' },
          body: Buffer.from('newer'),
        })
        return stored.status === 201 ? stored.body : assert.fail('the newer result was not stored')
      }
      const finishNewer = async ({ bytes, sha256 }: { bytes: number; sha256: string }) => {
        const result = { ...facts, bytes, sha256 }
        const { status } = await imageMaster.workFinished({ body: { id, lease: token, result } })
        assert.equal(status, 204)
      }
      const assertNewer = async ({ sha256 }: { sha256: string }) => {
        assert.equal(await workshop.resultOf(id), 'newer')
        const { state, result } = await workshop.taskOf(id)
        assert.deepEqual([state, result?.sha256], ['finished', sha256])
      }
      return { finish, ...loop, storeNewer, finishNewer, assertNewer }
    }

    test('does not overwrite the newer result of a finished task', async t => {
      const { finish, untilEnded, storeNewer, finishNewer, assertNewer } = await takenOver(t)
      const newer = await storeNewer()
      await finishNewer(newer)
      finish('older')
      assert.equal((await untilEnded())[0]?.kind, 'abandoned')
      await assertNewer(newer)
    })

    test('does not overwrite the newer result of a task that is about to be finished', async t => {
      const { finish, untilEnded, storeNewer, finishNewer, assertNewer } = await takenOver(t)
      const newer = await storeNewer()
      finish('older')
      assert.equal((await untilEnded())[0]?.kind, 'abandoned')
      await finishNewer(newer)
      await assertNewer(newer)
    })

    test('does not finish the task although its result was stored first, and its result is overwritten', async t => {
      const { finish, untilEnded, storeNewer, finishNewer, assertNewer } = await takenOver(t)
      finish('older')
      assert.equal((await untilEnded())[0]?.kind, 'abandoned')
      const newer = await storeNewer()
      await finishNewer(newer)
      await assertNewer(newer)
    })
  })
}
