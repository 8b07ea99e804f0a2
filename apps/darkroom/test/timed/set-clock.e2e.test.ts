import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Work } from '@darkroom/contracts'
import { generateImage, httpRequest, settableClock, withEngine } from '@darkroom/testing'
import { kill, prepareFleet, samePort, untilReady } from '../fleet.ts'
import { upload } from '../uploads.ts'

const hour = 3600
const lease = { LEASE_MS: '3000' }
/** The limit from the death of a worker to its task's next attempt. */
const promisedMs = 15_000

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

withEngine('faketime', () => {
  test('fault: the clock is set back an hour, and another hour before services start again', async t => {
    const clock = settableClock(t)
    const fleet = await prepareFleet(t)
    const start = (name: Parameters<typeof fleet.start>[0], env = {}) =>
      fleet.start(name, { ...clock.env, ...lease, ...env })
    await start('kv-config')
    let taskDb = await start('task-db')
    let master = await start('image-master')
    await start('storage')
    const frontend = await start('frontend')
    await untilReady(frontend)
    const claim = async (worker: string): Promise<Work> => {
      const response = await fleet.ask(master, `/getWork?worker=${worker}&wait=20`)
      assert.equal(response.status, 200)
      return response.json() as unknown as Work
    }
    const statusOf = async (id: string) => (await httpRequest(frontend.url, `/images/${id}`)).json()

    const ids = [await upload(frontend.url, png)]
    assert.equal((await claim('killed')).id, ids[0])
    const claimedAt = performance.now()
    clock.set(-hour)
    ids.push(await upload(frontend.url, png), await upload(frontend.url, png))
    assert.deepEqual(ids, ids.toSorted(), 'ids are in the order of arrival')
    const [before, after] = [await statusOf(String(ids[0])), await statusOf(String(ids[1]))]
    const earlierMs = Date.parse(String(before.createdAt)) - Date.parse(String(after.createdAt))
    assert.ok(earlierMs > 3_000_000, 'createdAt is the time of day')
    for (const id of ids.slice(1)) assert.equal((await claim('alive')).id, id)
    const again = await claim('alive')
    assert.deepEqual([again.id, again.attempt], [ids[0], 2])
    const tookMs = performance.now() - claimedAt
    assert.ok(tookMs < promisedMs, `the lease ended after ${Math.round(tookMs)} ms`)

    await Promise.all([kill(taskDb), kill(master)])
    clock.set(-2 * hour)
    taskDb = await start('task-db', samePort(taskDb))
    master = await start('image-master', samePort(master))
    const restartedAt = performance.now()
    await untilReady(frontend)
    const taken = [await claim('alive'), await claim('alive'), await claim('alive')]
    assert.deepEqual(taken.map(({ id }) => id).toSorted(), ids)
    const endedMs = performance.now() - restartedAt
    assert.ok(endedMs < promisedMs, `the leases ended ${Math.round(endedMs)} ms after the restart`)
    const newest = await upload(frontend.url, png)
    assert.ok(newest > String(ids.at(-1)), 'ids stay in the order of arrival after a restart')
  })
})
