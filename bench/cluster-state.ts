// Measures the figures of the README: npm run bench -- cluster-state
// Needs /proc. Increments per second that one node acknowledges, and how long five nodes on this machine take to agree.
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ask, post, startCluster, untilAllMeet } from '../apps/cluster-state/test/cluster/start-cluster.ts'
import { cpuMs } from './process-figures.ts'

const clients = 32
const seconds = 10
const writes = 200

test('figures', { timeout: 600_000 }, async t => {
  const cluster = await startCluster(t)
  const one = await cluster.start(1)
  const before = cpuMs(one.pid)
  const end = performance.now() + seconds * 1000
  const counts = await Promise.all(
    Array.from({ length: clients }, async () => {
      let count = 0
      for (; performance.now() < end; count++) await post(one, '/counters/rate/inc')
      return count
    }),
  )
  const total = counts.reduce((sum, count) => sum + count, 0)
  const cpu = ((cpuMs(one.pid) - before) / total).toFixed(2)
  t.diagnostic(`${Math.round(total / seconds)} increments/s acknowledged by one node, ${clients} at a time`)
  t.diagnostic(`${cpu} ms of CPU time of the node for each`)

  const nodes = [one, ...(await Promise.all([2, 3, 4, 5].map(cluster.start)))]
  await untilAllMeet(nodes)
  const times: number[] = []
  for (let write = 0; write < writes; write++) {
    const [writer] = nodes.splice(0, 1)
    if (!writer) return
    nodes.push(writer)
    await delay(150) // more than the push interval, so that each write is sent at once
    const begin = performance.now()
    await post(writer, `/set/${write}`)
    await Promise.all(
      nodes.map(async node => {
        while ((await ask(node, '/get').catch(() => '')) !== String(write)) await delay(1)
      }),
    )
    times.push(performance.now() - begin)
  }
  const sorted = times.toSorted((first, second) => first - second)
  const at = (share: number) => Math.round(sorted[Math.ceil(share * writes) - 1] ?? Number.NaN)
  t.diagnostic(
    `five nodes agree on a write in ${at(0.5)} ms (median), ${at(0.99)} ms (p99), ${at(1)} ms (most)`,
  )
})
