import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Endpoints } from '../../../src/engine/etcd/endpoints.ts'

function prepare(first = 0) {
  const clock = { ms: 1000 }
  const endpoints = new Endpoints(['a', 'b', 'c'], { clock: { monotonic: () => clock.ms }, first })
  const pickAndSuspect = () => {
    clock.ms += 1
    const picked = endpoints.pick()
    endpoints.suspect(picked)
    return picked
  }
  return { clock, endpoints, pickAndSuspect }
}

test('the same member is used as long as it answers', () => {
  const { endpoints } = prepare(1)
  assert.deepEqual([endpoints.pick(), endpoints.pick()], ['b', 'b'])
})

test('a member that failed is skipped, and not used again while the next one answers', () => {
  const { endpoints, clock } = prepare()
  endpoints.suspect('a')
  assert.equal(endpoints.pick(), 'b')
  clock.ms += 60_000
  assert.equal(endpoints.pick(), 'b')
  endpoints.suspect('b')
  assert.equal(endpoints.pick(), 'c')
  endpoints.suspect('c')
  assert.equal(endpoints.pick(), 'a')
})

test('while all members fail, they are used in turn', () => {
  const { pickAndSuspect } = prepare(2)
  assert.deepEqual(
    Array.from({ length: 7 }, () => pickAndSuspect()),
    ['c', 'a', 'b', 'c', 'a', 'b', 'c'],
  )
})
