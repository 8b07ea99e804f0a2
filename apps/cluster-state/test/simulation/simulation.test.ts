// Slow: it simulates hours of clusters.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { seededRandom } from './seeded-random.ts'
import { SimulatedCluster } from './simulated-cluster.ts'

/** The longest time of two rounds of push and pull, 3 s plus a tenth each, and the time for gossip to spread. */
const twoRoundsMs = 2 * 3300 + 500

suite('simulated nodes', () => {
  for (const nodes of [3, 10, 30])
    for (const [loss, limitMs] of [
      [0, 1000],
      [0.1, 3000],
      [0.25, 5000],
      [0.5, 10_000],
    ] as const)
      test(`${nodes} agree within ${limitMs / 1000} s when ${loss * 100} % of packets are lost`, async () => {
        for (let seed = 1; seed <= 5; seed++) {
          const cluster = await SimulatedCluster.start({ nodes, loss, seed })
          await cluster.time.run(3000 * cluster.random())
          let written = 0
          for (const write of [
            cluster.node(0).setRegister('intake', 'paused'),
            cluster.node(1).setRegister('intake', 'open'),
            ...Array.from({ length: nodes }, (_, index) =>
              cluster.node(index).increment('images', index + 1),
            ),
          ])
            void write.then(() => written++)
          const isDone = () => written === nodes + 2 && cluster.agrees()
          assert.ok(await cluster.time.runUntil(isDone, limitMs), `they do not agree with seed ${seed}`)
          for (const { state } of cluster.live) {
            // Both wrote generation 1; the greater id wins.
            assert.equal(state.register('intake')?.value, 'open')
            assert.equal(state.sum('images'), (nodes * (nodes + 1)) / 2)
          }
        }
      })

  test('simulated nodes agree within two rounds after a partition, with the counts of both sides', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const cluster = await SimulatedCluster.start({ nodes: 5, loss: 0, seed })
      await cluster.time.run(1000)
      cluster.partition([0, 1], [2, 3, 4])
      for (let round = 1; round <= 20; round++) {
        for (let index = 0; index < 5; index++) {
          void cluster.node(index).increment('images', 1)
          void cluster.node(index).setRegister('value', 100 * index + round)
        }
        await cluster.time.run(1000)
      }
      assert.ok(!cluster.agrees())
      assert.equal(cluster.node(0).state.sum('images'), 40)
      assert.equal(cluster.node(4).state.sum('images'), 60)
      cluster.heal()
      assert.ok(
        await cluster.time.runUntil(() => cluster.agrees(), twoRoundsMs),
        `they do not agree with seed ${seed}`,
      )
      assert.equal(cluster.node(0).state.sum('images'), 100)
    }
  })

  test('simulated nodes count every acknowledged increment once, even if nodes are killed', async () => {
    for (let seed = 1; seed <= 10; seed++) {
      const cluster = await SimulatedCluster.start({ nodes: 5, loss: 0.1, seed })
      let [asked, acknowledged] = [0, 0]
      for (let round = 0; round < 20; round++) {
        const victim = Math.floor(5 * cluster.random())
        for (let count = 0; count < 100; count++) {
          if (count === 50) cluster.kill(victim)
          if (count === 70) await cluster.revive(victim)
          const index = count % 5
          if (count >= 50 && count < 70 && index === victim) continue
          asked++
          void cluster
            .node(index)
            .increment('images', 1)
            .then(() => acknowledged++)
          await cluster.time.run(cluster.random())
        }
        await cluster.time.run(500)
      }
      assert.ok(await cluster.time.runUntil(() => cluster.agrees(), 20_000))
      // Writes in progress in a killed node are neither on its disk nor acknowledged.
      for (const { state } of cluster.live) assert.equal(state.sum('images'), acknowledged)
      assert.ok(acknowledged < asked && acknowledged > asked - 40, `${acknowledged} of ${asked}`)
    }
  })

  test('simulated nodes end with equal states after random writes, losses, partitions and kills', async () => {
    const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 })
    await fc.assert(
      fc.asyncProperty(seeds, fc.integer({ min: 2, max: 8 }), async (seed, nodes) => {
        const luck = seededRandom(seed)
        const pick = () => Math.floor(luck() * nodes)
        const cluster = await SimulatedCluster.start({ nodes, loss: luck() / 2, seed })
        let counted = 0
        const steps: (() => unknown)[] = [
          () => void cluster.node(pick()).setRegister(`name-${pick()}`, luck()),
          () => void cluster.node(pick()).setRegister(`name-${pick()}`, undefined),
          () => {
            const amount = 1 + Math.floor(1000 * luck())
            void cluster
              .node(pick())
              .increment('images', amount)
              .then(() => {
                counted += amount
              })
          },
          () => cluster.partition(...parts(nodes, luck)),
          () => cluster.heal(),
          async () => {
            const index = pick()
            cluster.kill(index)
            await cluster.revive(index)
          },
        ]
        for (let step = 0; step < 60; step++) {
          await steps[Math.floor(luck() * steps.length)]?.()
          await cluster.time.run(1500 * luck())
        }
        cluster.heal()
        assert.ok(await cluster.time.runUntil(() => cluster.agrees(), 60_000))
        for (const { state } of cluster.live) assert.equal(state.sum('images'), counted)
      }),
      { numRuns: 25 },
    )
  })

  test('simulated nodes send fewer bytes to another data centre than within their own', async () => {
    const dataCentreOf = (index: number) => (index < 10 ? 'here' : 'there')
    const cluster = await SimulatedCluster.start({ nodes: 20, loss: 0, seed: 1, dataCentreOf })
    let far = 0
    let near = 0
    cluster.network.isOpen = (from, to) => {
      const [one, other] = [from, to].map(id => dataCentreOf(Number(id.replace('node-', ''))))
      if (one === other) near++
      else far++
      return true
    }
    for (let round = 1; round <= 30; round++) {
      void cluster.node(round % 20).increment('images', 1)
      await cluster.time.run(1000)
    }
    assert.ok(await cluster.time.runUntil(() => cluster.agrees(), 15_000))
    assert.ok(far * 20 < near, `${far} messages between data centres, ${near} within them`)
  })

  test('simulated nodes behave the same with the same seed', async () => {
    const [one, other] = await Promise.all([1, 1].map(figuresOf))
    assert.deepEqual(one, other)
    assert.notDeepEqual(one, await figuresOf(2))
  })
})

async function figuresOf(seed: number): Promise<number[]> {
  const cluster = await SimulatedCluster.start({ nodes: 10, loss: 0.25, seed })
  void cluster.node(3).setRegister('value', 1)
  await cluster.time.runUntil(() => cluster.live.every(({ state }) => state.register('value')), 10_000)
  return [cluster.time.now(), cluster.network.sentBytes]
}

/** Divides the nodes into two groups at random. */
function parts(nodes: number, random: () => number): number[][] {
  const { left = [], right = [] } = Object.groupBy(
    Array.from({ length: nodes }, (_, index) => index),
    () => (random() < 0.5 ? 'left' : 'right'),
  )
  return [left, right]
}
