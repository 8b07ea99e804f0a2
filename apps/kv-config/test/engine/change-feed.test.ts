import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangeFeed } from '../../src/engine/change-feed.ts'

const key = 'services/a'
const wokenOrAborted = () => AbortSignal.timeout(10_000)

test('a wait for what is so long ago that it is forgotten is answered at once', async () => {
  const feed = new ChangeFeed(0)
  feed.publish({ key, revision: 1 })
  for (let revision = 2; revision <= 30_000; revision += 1) feed.publish({ key: 'other', revision })
  const signal = wokenOrAborted()
  await feed.wait({ key }, 0, signal)
  assert.equal(signal.aborted, false)
})

test('a wait for a revision that the store has not reached is answered at once', async () => {
  const signal = wokenOrAborted()
  await new ChangeFeed(5).wait({ key }, 6, signal)
  assert.equal(signal.aborted, false)
})

test('a wait after the latest revision sleeps through changes elsewhere', async () => {
  const feed = new ChangeFeed(5)
  const controller = new AbortController()
  let isAwake = false
  const wait = feed.wait({ key }, 5, controller.signal).then(() => {
    isAwake = true
  })
  feed.publish({ key: 'services/ab', revision: 6 })
  feed.publish({ key: 'services', revision: 7 })
  await new Promise(setImmediate)
  assert.equal(isAwake, false)
  feed.publish({ key, revision: 8 })
  await wait
})
