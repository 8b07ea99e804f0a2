import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { memberOf, near, prepareNode } from './prepare-node.ts'

suite('gossip', () => {
  test('gossip of a change goes to two members at once, then to others every 100 ms for some rounds', async () => {
    const { node, time, sent } = await prepareNode({ members: near(8) })
    await node.setRegister('a', 1)
    await time.run(1000)
    // ceil(3 x log10(9 + 1)) rounds
    assert.deepEqual(
      sent.map(({ at }) => at),
      [0, 0, 100, 100, 200, 200],
    )
    assert.equal(new Set(sent.map(({ to }) => to)).size, 6)
  })

  test('gossip of a burst of increments is one message every 100 ms to each of the two members', async () => {
    const { node, time, sent } = await prepareNode({ members: near(8), settings: { gossipMs: 3_600_000 } })
    for (let times = 0; times < 500; times++) {
      void node.increment('a', 1)
      await time.run(2)
    }
    assert.ok(sent.length <= 2 * 11, `${sent.length} messages`)
    assert.ok(sent.every(({ names }) => names.length === 1))
  })

  test('fault: the clock is set back an hour: the next change is sent without delay', async () => {
    const { node, time, sent } = await prepareNode({ members: near(8) })
    await node.setRegister('a', 1)
    await time.run(50)
    time.set(-3_600_000)
    await node.setRegister('b', 1)
    await time.run(100)
    assert.deepEqual(
      sent.filter(({ names }) => names.includes('b')).map(({ at }) => at),
      [100, 100],
    )
  })

  test('gossip of recent changes is repeated five times, every two seconds', async () => {
    const { node, time, sent } = await prepareNode({ members: near(8) })
    await node.setRegister('a', 1)
    await time.run(60_000)
    const repeated = sent.filter(({ at }) => at > 1000)
    assert.equal(repeated.length, 10)
    assert.ok(repeated.every(({ at }) => at < 5 * 2200 + 1))
  })

  test('gossip is passed on when it is new to its receiver, and not when it is known', async () => {
    const { node, time, sent } = await prepareNode({ members: near(8), settings: { gossipMs: 3_600_000 } })
    const entries = [{ kind: 'register', name: 'a', generation: 3, writer: 'node-7', value: 1 }] as const
    assert.equal(await node.receive({ from: 'node-1', entries: [...entries] }), 1)
    await time.run(1000)
    assert.equal(sent.length, 6)
    assert.equal(await node.receive({ from: 'node-2', entries: [...entries] }), 0)
    await time.run(1000)
    assert.equal(sent.length, 6)
  })

  test('gossip is divided into bounded messages, and nothing is left out', async () => {
    const maxMessageBytes = 16 * 1024
    const { node, time, sent } = await prepareNode({ members: near(2), settings: { maxMessageBytes } })
    const value = 'x'.repeat(3000)
    await Promise.all(Array.from({ length: 30 }, (_, index) => node.setRegister(`name-${index}`, value)))
    await time.run(3000)
    assert.ok(sent.every(({ bytes }) => bytes <= maxMessageBytes + 100))
    assert.equal(new Set(sent.flatMap(({ names }) => names)).size, 30)
  })

  test('fault: a member that does not answer delays no other member, gets no more messages meanwhile, and is logged once', async () => {
    const members = near(3)
    const { node, time, sent, log } = await prepareNode({
      members,
      answerGossip: async ({ id }) => {
        if (id === 'node-1') await time.pass(2000).then(() => Promise.reject(new Error('timeout')))
      },
    })
    for (let times = 0; times < 100; times++) {
      await node.increment('a', 1)
      await time.run(100)
    }
    const to = (id: string) => sent.filter(message => message.to === id).length
    assert.ok(to('node-1') <= (4 * 10_000) / 2000 + 4, `${to('node-1')} messages to the silent node`)
    assert.ok(to('node-2') > 80 && to('node-3') > 80)
    assert.equal(log.lines.filter(({ msg }) => msg.includes('a request to this member failed')).length, 1)
  })

  test('fault: while all members are too slow, rounds do not count', async () => {
    let isSlow = true
    const { node, time, sent } = await prepareNode({
      members: near(1),
      settings: { gossipMs: 3_600_000 },
      answerGossip: async () => {
        if (isSlow) await time.pass(2000)
      },
    })
    for (let times = 0; times < 6; times++) {
      await node.setRegister('a', times)
      await time.run(100)
    }
    const before = sent.length
    await node.setRegister('late', 1)
    await time.run(100)
    assert.equal(sent.length, before, 'four responses are outstanding')
    isSlow = false
    await time.run(3000)
    assert.ok(sent.slice(before).some(({ names }) => names.includes('late')))
  })

  test('gossip goes to another data centre about once a second, from all nodes of this data centre together', async () => {
    const far = Array.from({ length: 5 }, (_, index) => memberOf(`far-${index}`, 'there'))
    const { node, time, sent } = await prepareNode({ members: [...near(9), ...far] })
    for (let times = 0; times < 2000; times++) {
      await node.increment('a', 1)
      await time.run(1000)
    }
    const toFar = sent.filter(({ to }) => to.startsWith('far')).length
    // This is one of ten nodes: 200 are expected, with a standard deviation of 13.
    assert.ok(toFar > 120 && toFar < 280, `${toFar}`)
  })

  test('gossip of unsent changes goes out when the node closes', async () => {
    const members = [...near(2), memberOf('far-1', 'there')]
    const { node, sent } = await prepareNode({ members })
    await node.increment('a', 1)
    await node.close()
    assert.deepEqual(new Set(sent.map(({ to }) => to)), new Set(['node-1', 'node-2', 'far-1']))
    await node.close()
    assert.equal(sent.length, 3)
  })

  test('gossip sends nothing without members', async () => {
    const { node, time, sent, synced } = await prepareNode({ members: [] })
    await node.increment('a', 1)
    await time.run(60_000)
    assert.deepEqual([sent.length, synced.length], [0, 0])
  })
})
