import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { SyncReply } from '@darkroom/contracts'
import { State, writeRegister } from '@darkroom/crdt'
import type { StateNode } from '../../src/node/state-node.ts'
import { roomyLimits } from '../build-test-app.ts'
import { near, prepareNode } from './prepare-node.ts'

/** Two nodes: the first compares its state with the second, and gets no gossip. */
async function prepareTwo(settings = {}, limits = roomyLimits) {
  const quiet = { gossipMs: 3_600_000, farMs: 3_600_000, ...settings }
  const other = await prepareNode({ members: [], settings: quiet })
  const one = await prepareNode({
    members: near(1),
    settings: quiet,
    limits,
    answerGossip: () => Promise.reject(new Error('lost')),
    answerSync: (_to, request) =>
      other.node.answerSync({ ...request, from: 'node-1' }).then(reply => JSON.parse(JSON.stringify(reply))),
  })
  return { one, other }
}

const setMany = (node: StateNode, prefix: string, count: number, value = 'x') =>
  Promise.all(Array.from({ length: count }, (_, index) => node.setRegister(`${prefix}${index}`, value)))

suite('a comparison of states', () => {
  test('a comparison of states is one small message when nothing differs, every three seconds', async () => {
    const { one } = await prepareTwo()
    await one.time.run(30_000)
    const { synced } = one
    assert.ok(synced.length >= 9 && synced.length <= 13, `${synced.length}`)
    assert.ok(synced.every(({ request }) => request.step === 'compare'))
    assert.ok(JSON.stringify(synced[0]?.request).length < 1024)
  })

  test('a comparison of states makes both equal, in both directions, within a round', async () => {
    const { one, other } = await prepareTwo()
    await one.time.run(1)
    await setMany(one.node, 'mine', 50)
    await setMany(other.node, 'theirs', 70)
    await one.node.increment('a', 3)
    await other.node.increment('a', 4)
    await one.time.run(3300)
    assert.deepEqual(one.node.state.digest(), other.node.state.digest())
    // Both nodes have the id node-0 here, so the greater of the two counts wins.
    assert.equal(one.node.state.sum('a'), 4)
    assert.equal(one.node.state.size, 121)
  })

  test('a comparison of very different states takes one round of bounded messages', async () => {
    const maxMessageBytes = 64 * 1024
    const { one, other } = await prepareTwo({ maxMessageBytes })
    await setMany(one.node, 'mine', 1500, 'x'.repeat(500))
    await setMany(other.node, 'theirs', 2500, 'x'.repeat(500))
    await one.time.run(3300)
    assert.deepEqual(one.node.state.digest(), other.node.state.digest())
    for (const { request } of one.synced)
      if (request.step === 'exchange') {
        assert.ok(JSON.stringify(request.entries).length <= maxMessageBytes + 5000)
        assert.ok(request.wanted.length <= 1000)
      }
  })

  test('a comparison with more entries than fit ends, and known entries are updated', async () => {
    const { one, other } = await prepareTwo({}, { ...roomyLimits, maxEntries: 3 })
    await one.node.setRegister('intake', 'open')
    await other.node.setRegister('intake', 'open')
    await other.node.setRegister('intake', 'paused')
    await setMany(other.node, 'theirs', 1500)
    await one.time.run(3300)
    assert.equal(one.node.state.register('intake')?.value, 'paused')
    assert.equal(one.node.state.size, 3)
    await one.time.run(20_000)
    // Each comparison has two pages of versions, and their entries.
    assert.ok(one.synced.length <= 50, `${one.synced.length}`)
    assert.equal(one.log.lines.filter(({ msg }) => msg.includes('are dropped')).length, 1)
  })

  test('a comparison of states waits for the previous comparison', async () => {
    const first = Promise.withResolvers<SyncReply>()
    const { time, synced } = await prepareNode({ members: near(5), answerSync: () => first.promise })
    await time.run(60_000)
    assert.equal(synced.length, 1)
    first.resolve({ buckets: [], versions: [] })
    await time.run(3300)
    assert.ok(synced.length >= 2)
  })

  test('fault: a response that breaks the protocol changes nothing, is logged, and ends the comparison', async () => {
    const violations: SyncReply[] = [
      { entries: [] },
      { buckets: [0], versions: [], next: 'count/a' },
      { buckets: [99], versions: [['register/a', 5, 1]] },
    ]
    for (const reply of violations) {
      const { node, time, synced } = await prepareNode({ members: near(1), answerSync: async () => reply })
      await time.run(10_000)
      assert.equal(node.state.size, 0)
      assert.ok(synced.length < 2000, `${synced.length}`)
    }
  })

  test('fault: entries that do not match their versions are refused', async () => {
    const count = { start: 1, counts: [9] }
    const { node, time, log } = await prepareNode({
      members: near(1),
      answerSync: async (_to, { step }) =>
        step === 'compare'
          ? { buckets: [0], versions: [['register/a', 5, 1]] }
          : {
              entries: [
                { kind: 'register', name: 'a', ...writeRegister(undefined, 'n', 1) } as never,
                {
                  kind: 'count',
                  name: 'a',
                  node: 'n',
                  total: 2,
                  seconds: count,
                  minutes: count,
                  hours: count,
                },
              ],
            },
    })
    await time.run(10_000)
    assert.equal(node.state.size, 0)
    assert.equal(log.lines.filter(({ msg }) => msg.includes('a request to this member failed')).length, 1)
  })

  test('a comparison of states begins as soon as there is another member', async () => {
    const { synced, time } = await prepareNode({ members: near(3) })
    await time.run(1)
    assert.equal(synced.length, 1)
    assert.deepEqual(synced[0]?.request.step, 'compare')
    assert.equal(new State().digest().length, 32)
  })
})
