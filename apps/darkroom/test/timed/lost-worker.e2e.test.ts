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
  // Large enough to be worked on for a moment, and so small that the lease determines the time, not the image.
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
