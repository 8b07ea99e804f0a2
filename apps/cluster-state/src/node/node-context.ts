import type { Logger } from '@darkroom/service-kit'
import type { Clock } from './clock.ts'
import type { GossipSettings } from './gossip-settings.ts'
import type { Ledger } from './ledger.ts'
import type { Network } from './network.ts'
import type { Receiver } from './receiver.ts'

export interface StateLimits {
  /** Registers and counters that are made here, deleted registers included. */
  readonly maxNames: number
  /** What is taken from others: registers, and a counter once for each node that ever raised it. */
  readonly maxEntries: number
}

/** What the parts of a node share: all that it touches of the world, and what it knows. */
export interface NodeContext {
  readonly ledger: Ledger
  readonly receiver: Receiver
  readonly network: Network
  readonly clock: Clock
  /** Tells this run of the node from others: random, made anew with each start. */
  readonly run: string
  /** From 0 up to, and without, 1. */
  readonly random: () => number
  readonly settings: GossipSettings
  readonly limits: StateLimits
  readonly logger: Logger
}
