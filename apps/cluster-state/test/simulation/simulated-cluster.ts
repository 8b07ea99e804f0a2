import type { Member } from '@darkroom/contracts'
import { Type, Value } from '@darkroom/contracts/typebox'
import { createLogger } from '@darkroom/service-kit'
import type { Membership } from '../../src/membership/membership.ts'
import { type GossipSettings, gossipSettings } from '../../src/node/gossip-settings.ts'
import { StateNode } from '../../src/node/state-node.ts'
import { seededRandom } from './seeded-random.ts'
import { SimulatedNetwork } from './simulated-network.ts'
import { SimulatedDisk, SimulatedProcess } from './simulated-process.ts'
import { SimulatedTime } from './simulated-time.ts'

interface ClusterConditions {
  nodes: number
  /** Share of packets that are lost, from 0 to 1, without 1. */
  loss: number
  /** The seed of everything random. */
  seed: number
  settings?: Partial<GossipSettings>
  /** The data centre of the node with this index; default: the same for all. */
  dataCentreOf?: (index: number) => string
}

/** Nodes that run the production code; only clock, network, disk and randomness are simulated. */
export class SimulatedCluster {
  readonly time = new SimulatedTime()
  readonly network: SimulatedNetwork
  readonly random: () => number
  readonly #settings: GossipSettings
  readonly #members: Member[]
  readonly #disks: SimulatedDisk[]
  /** Undefined while a node is dead. */
  readonly #nodes: (RunningNode | undefined)[] = []

  private constructor({ nodes, loss, seed, settings, dataCentreOf = () => 'local' }: ClusterConditions) {
    this.random = seededRandom(seed)
    this.#settings = { ...Value.Create(Type.Object(gossipSettings)), ...settings }
    this.network = new SimulatedNetwork(this.time, this.random, {
      loss,
      timeoutMs: this.#settings.peerTimeoutMs,
    })
    this.#members = Array.from({ length: nodes }, (_, index) => {
      const id = `node-${index}`
      return { id, url: `http://${id}`, dataCentre: dataCentreOf(index) }
    })
    this.#disks = this.#members.map(({ id }) => new SimulatedDisk(id))
  }

  static async start(conditions: ClusterConditions): Promise<SimulatedCluster> {
    const cluster = new SimulatedCluster(conditions)
    for (const index of cluster.#members.keys()) await cluster.revive(index)
    return cluster
  }

  get size(): number {
    return this.#members.length
  }

  /** @throws Error when the node is dead */
  node(index: number): StateNode {
    const running = this.#nodes[index]
    if (!running) throw new Error(`node ${index} is dead`)
    return running.node
  }

  get live(): StateNode[] {
    return this.#nodes.flatMap(running => running?.node ?? [])
  }

  /** Simulates kill -9: from now on the node does nothing, and no message reaches it. */
  kill(index: number): void {
    this.#nodes[index]?.process.kill()
    this.#nodes[index] = undefined
    this.network.nodes.delete(at(this.#members, index).id)
  }

  /** Starts a killed node with its old disk. */
  async revive(index: number): Promise<void> {
    const self = at(this.#members, index)
    const process = new SimulatedProcess(this.time)
    const node = await StateNode.open({
      store: process.store(at(this.#disks, index)),
      network: process.network(this.network.from(self.id)),
      clock: process,
      run: `run-${this.time.now()}`,
      random: this.random,
      settings: this.#settings,
      limits: { maxNames: 5000, maxEntries: 100_000 },
      logger: silent,
    })
    this.#nodes[index] = { node, process }
    this.network.nodes.set(self.id, node)
    node.join(everyNode(self, this.#members))
  }

  /** From now on, messages pass only between nodes of the same group. Nodes are given by index. */
  partition(...groups: number[][]): void {
    const groupOf = new Map(
      groups.flatMap((indexes, group) => indexes.map(index => [at(this.#members, index).id, group])),
    )
    this.network.isOpen = (from, to) => groupOf.get(from) === groupOf.get(to)
  }

  heal(): void {
    this.network.isOpen = () => true
  }

  /** Whether all live nodes have equal states. */
  agrees(): boolean {
    const [first, ...others] = this.live
    const digest = first?.state.digest().join()
    return others.every(({ state }) => state.digest().join() === digest)
  }
}

interface RunningNode {
  node: StateNode
  process: SimulatedProcess
}

/** Every node is a member of every other, dead or alive: the membership is not simulated. */
function everyNode(self: Member, members: readonly Member[]): Membership {
  const others = members.filter(({ id }) => id !== self.id)
  return {
    self,
    members: () => others,
    onChange: () => () => undefined,
    firstRead: Promise.resolve(),
    otherAddresses: () => [],
    checkReady: async () => undefined,
    close: async () => undefined,
  }
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index]
  if (item === undefined) throw new RangeError(`index ${index} is not below ${items.length}`)
  return item
}

const silent = createLogger('simulation', 'silent')
