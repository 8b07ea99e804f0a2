import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generateImage, httpRequest, until } from '@darkroom/testing'
import { kill, prepareFleet } from '../fleet.ts'
import { upload } from '../uploads.ts'

/** The limit from the death of a worker to the end of its task's next attempt. */
const promisedMs = 15_000

test('a task whose worker is killed runs again, and finishes within 15 s', async t => {
  const fleet = await prepareFleet(t)
  const { frontend, 'image-worker': doomed } = await fleet.startAll({ THREADS: '1' })
  // Large enough to be worked on for a moment, and small enough that the time is the lease's, not the image's.
  const image = await generateImage({ kind: 'webp-lossless', width: 1000, height: 750, seed: 1 })
  const id = await upload(frontend.url, image)
  const status = async () => (await httpRequest(frontend.url, `/images/${id}`)).json()
  await until('it is worked on', async () => (await status()).state === 'in-progress')

  await kill(doomed)
  const killedAt = performance.now()
  assert.equal((await status()).state, 'in-progress')
  await fleet.start('image-worker')
  const ended = await until(
    'it has ended',
    async () => {
      const current = await status()
      return current.finishedAt !== undefined && current
    },
    60_000,
  )
  const tookMs = performance.now() - killedAt
  assert.deepEqual({ state: ended.state, attempts: ended.attempts }, { state: 'finished', attempts: 2 })
  assert.ok(tookMs <= promisedMs, `took ${Math.round(tookMs)} ms`)
})

test('a task that kills every worker fails, with a reason that a person can act on', async t => {
  const fleet = await prepareFleet(t)
  const master = { LEASE_MS: '300', MAX_ATTEMPTS: '3' }
  const { frontend, ...services } = await fleet.startAll(master)
  await kill(services['image-worker'])
  const id = await upload(frontend.url, await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 }))

  for (const attempt of [1, 2, 3]) {
    const work = await fleet.ask(services['image-master'], '/getWork?worker=doomed&wait=20')
    assert.equal(work.status, 200)
    assert.deepEqual({ id: work.json().id, attempt: work.json().attempt }, { id, attempt })
  }
  const failed = await until('it has failed', async () => {
    const status = (await httpRequest(frontend.url, `/images/${id}`)).json()
    return status.state === 'failed' && status
  })
  assert.equal(failed.attempts, 3)
  assert.deepEqual(failed.error, {
    type: 'urn:darkroom:problem:worker-lost',
    title: 'The worker was lost',
    detail: 'doomed stopped renewing its lease while working on this image; given up after 3 attempts',
  })
  const result = await httpRequest(frontend.url, `/images/${id}/result`)
  assert.equal(result.status, 422)
  assert.match(String(result.json().detail), /given up after 3 attempts/)
})
