import type { Logger } from '@darkroom/service-kit'
import type { Clock } from './clock.ts'
import type { GossipSettings } from './gossip-settings.ts'
import type { Ledger } from './ledger.ts'
import type { Network } from './network.ts'
import type { Receiver } from './receiver.ts'

export interface StateLimits {
  /** The limit for registers, deleted ones included, and counters created on this node. */
  readonly maxNames: number
  /** The limit for entries from other nodes: registers, and counters, which have one entry for each node. */
  readonly maxEntries: number
}

/** Shared by the parts of a node: its state, and all its access to the outside. */
export interface NodeContext {
  readonly ledger: Ledger
  readonly receiver: Receiver
  readonly network: Network
  readonly clock: Clock
  /** Identifies this run of the node: random, different for each start. */
  readonly run: string
  /** Returns numbers from 0 up to, but not including, 1. */
  readonly random: () => number
  readonly settings: GossipSettings
  readonly limits: StateLimits
  readonly logger: Logger
}
