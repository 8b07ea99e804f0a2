import { quantile } from '../quantile.ts'
import { SimulatedCluster } from './simulated-cluster.ts'

interface SpreadConditions {
  nodes: number
  /** Share of packets that are lost. */
  loss: number
  /** How many writes are measured, each in a cluster with another seed. */
  writes: number
}

export interface SpreadFigures extends SpreadConditions {
  /** Milliseconds from the response to a write until every node has it. */
  medianMs: number
  p99Ms: number
  /** The average bytes that a node sends: until every node has the write, for the write in total, and per idle second. */
  bytesUntilAgreed: number
  bytesInAll: number
  idleBytesPerSecond: number
}

const writesPerCluster = 10
/** After this time, nothing more is sent about a write. */
const settledMs = 12_000
const timeoutMs = 120_000

/** @throws Error when a write doesn't reach every node */
export async function measureSpread(conditions: SpreadConditions): Promise<SpreadFigures> {
  const { nodes, loss, writes } = conditions
  const times: number[] = []
  let [untilAgreed, inAll, idle] = [0, 0, 0]
  for (let seed = 1; times.length < writes; seed++) {
    const cluster = await SimulatedCluster.start({ nodes, loss, seed })
    await cluster.time.run(settledMs * cluster.random())
    const idleBytes = await sentBytes(cluster, () => cluster.time.run(settledMs))
    for (let value = 1; value <= writesPerCluster && times.length < writes; value++) {
      inAll += await sentBytes(cluster, async () => {
        untilAgreed += await sentBytes(cluster, async () => times.push(await spreadTime(cluster, value)))
        await cluster.time.run(settledMs)
      })
      idle += idleBytes
    }
  }
  times.sort((one, other) => one - other)
  const perWrite = (bytes: number) => bytes / writes / nodes
  return {
    ...conditions,
    medianMs: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
    bytesUntilAgreed: perWrite(untilAgreed),
    bytesInAll: Math.max(perWrite(inAll - idle), 0),
    idleBytesPerSecond: perWrite(idle) / (settledMs / 1000),
  }
}

async function spreadTime(cluster: SimulatedCluster, value: number): Promise<number> {
  let isWritten = false
  const writer = cluster.node(Math.floor(cluster.random() * cluster.size))
  void writer.setRegister('value', value).then(() => {
    isWritten = true
  })
  await cluster.time.runUntil(() => isWritten, timeoutMs)
  const writtenAt = cluster.time.now()
  // A node that has the write keeps it, so it is not asked twice.
  let informed = 0
  const isKnown = () => {
    while (informed < cluster.size && cluster.node(informed).state.register('value')?.value === value)
      informed++
    return informed === cluster.size
  }
  if (!(await cluster.time.runUntil(isKnown, timeoutMs))) throw new Error('a write did not reach every node')
  return cluster.time.now() - writtenAt
}

async function sentBytes(cluster: SimulatedCluster, run: () => Promise<unknown>): Promise<number> {
  const before = cluster.network.sentBytes
  await run()
  return cluster.network.sentBytes - before
}
