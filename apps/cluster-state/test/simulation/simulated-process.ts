import { type Entry, keyOf } from '@darkroom/crdt'
import type { StateStore } from '../../src/engine/engine.ts'
import type { Clock } from '../../src/node/clock.ts'
import type { Network } from '../../src/node/network.ts'
import type { SimulatedTime } from './simulated-time.ts'

/** The disk, which stays when the process ends. */
export class SimulatedDisk {
  readonly nodeId: string
  readonly entries = new Map<string, Entry>()

  constructor(nodeId: string) {
    this.nodeId = nodeId
  }
}

/** About the time of a commit with its fsync on a solid-state disk. */
const commitMs = 2

/** The clock, disk and network that one run of a node uses. After a kill, they no longer have an effect. */
export class SimulatedProcess implements Clock {
  readonly #time: SimulatedTime
  #isKilled = false

  constructor(time: SimulatedTime) {
    this.#time = time
  }

  /** Simulates kill -9: work in progress is neither completed nor answered. */
  kill(): void {
    this.#isKilled = true
  }

  now(): number {
    return this.#time.now()
  }

  monotonic(): number {
    return this.#time.monotonic()
  }

  setTimer(ms: number, run: () => void): () => void {
    return this.#time.setTimer(ms, () => {
      if (!this.#isKilled) run()
    })
  }

  store(disk: SimulatedDisk): StateStore {
    return {
      nodeId: disk.nodeId,
      load: async () => [...disk.entries.values()],
      save: async entries => {
        await this.#whileAlive(this.#time.pass(commitMs))
        for (const entry of entries) disk.entries.set(keyOf(entry), entry)
      },
      checkReady: async () => undefined,
      close: async () => undefined,
    }
  }

  network(network: Network): Network {
    return {
      gossip: (to, message) => this.#whileAlive(network.gossip(to, message)),
      identify: (url, self) => this.#whileAlive(network.identify(url, self)),
      sync: (to, request) => this.#whileAlive(network.sync(to, request)),
    }
  }

  #whileAlive<Result>(outcome: Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      outcome.then(
        result => this.#isKilled || resolve(result),
        error => this.#isKilled || reject(error),
      )
    })
  }
}
