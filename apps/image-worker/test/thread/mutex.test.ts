import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Mutex } from '../../src/thread/mutex.ts'

const long = 60_000

test('a mutex has one holder at a time, first come, first served', async () => {
  const mutex = new Mutex()
  const holders: string[] = []
  const hold = async (name: string) => {
    const release = await mutex.acquire(long)
    holders.push(name)
    await new Promise(setImmediate)
    assert.equal(holders.at(-1), name)
    release?.()
  }
  await Promise.all([hold('a'), hold('b'), hold('c')])
  assert.deepEqual(holders, ['a', 'b', 'c'])
})

test('releasing a mutex again does not release it for its next holder', async () => {
  const mutex = new Mutex()
  const release = await mutex.acquire(long)
  release?.()
  const releaseSecond = await mutex.acquire(long)
  release?.()
  assert.equal(await mutex.acquire(0), undefined)
  releaseSecond?.()
  assert.ok(await mutex.acquire(0))
})

test('a caller that has waited too long does not acquire the mutex; the next caller does', async () => {
  const mutex = new Mutex()
  const release = await mutex.acquire(long)
  const [late, next] = [mutex.acquire(0), mutex.acquire(long)]
  assert.equal(await late, undefined)
  release?.()
  assert.ok(await next)
})
