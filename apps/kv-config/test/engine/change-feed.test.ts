import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ChangeFeed } from '../../src/engine/change-feed.ts'

const key = 'services/a'
/** Ends a wait that nothing wakes. */
const waitTimeout = () => AbortSignal.timeout(10_000)

/** Begins a wait, and shows whether it is over. */
function begin(feed: ChangeFeed, after: number) {
  const wait = { isOver: false, over: Promise.resolve() }
  wait.over = feed.wait({ key }, after, waitTimeout()).then(() => {
    wait.isOver = true
  })
  return wait
}

/** Resolves after all callers that were woken have continued. */
const wokenCallers = () => new Promise(setImmediate)

test('a wait after a revision that is no longer kept is answered at once', async () => {
  const feed = new ChangeFeed(0)
  feed.publish([{ key, revision: 1 }])
  for (let revision = 2; revision <= 30_000; revision += 1) feed.publish([{ key: 'other', revision }])
  const signal = waitTimeout()
  await feed.wait({ key }, 0, signal)
  assert.equal(signal.aborted, false)
})

test('a wait after a revision that is not published yet sleeps until a later revision', async () => {
  const feed = new ChangeFeed(5)
  const wait = begin(feed, 7)
  feed.publish([{ key, revision: 6 }])
  feed.publish([{ key, revision: 7 }])
  await wokenCallers()
  assert.equal(wait.isOver, false)
  feed.publish([{ key, revision: 8 }])
  await wait.over
})

test('a wait after the latest revision sleeps through changes elsewhere', async () => {
  const feed = new ChangeFeed(5)
  const wait = begin(feed, 5)
  feed.publish([{ key: 'services/ab', revision: 6 }])
  feed.publish([{ key: 'services', revision: 7 }])
  await wokenCallers()
  assert.equal(wait.isOver, false)
  feed.publish([{ key, revision: 8 }])
  await wait.over
})

test('very many changes can be published at once, as when many leases end together', async () => {
  const feed = new ChangeFeed(0)
  const wait = begin(feed, 0)
  feed.publish(Array.from({ length: 200_000 }, (_, n) => ({ key: n === 7 ? key : 'other', revision: n + 1 })))
  await wait.over
  assert.equal(feed.revision, 200_000)
})

test('several changes of one revision are all published, and wake requests that wait for any of them', async () => {
  const feed = new ChangeFeed(5)
  const wait = begin(feed, 5)
  feed.publish([
    { key: 'other', revision: 6 },
    { key, revision: 6 },
  ])
  await wait.over
  assert.equal(feed.revision, 6)
})

test('a restarted feed ends all waits, and forgets earlier changes', async () => {
  const feed = new ChangeFeed(5)
  feed.publish([{ key: 'other', revision: 6 }])
  const wait = begin(feed, 6)
  feed.restart(9)
  await wait.over
  await begin(feed, 8).over
  const after = begin(feed, 9)
  await wokenCallers()
  assert.equal(after.isOver, false)
  feed.publish([{ key, revision: 10 }])
  await after.over
})
