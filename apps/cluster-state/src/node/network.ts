import type { Gossip, Member, NodeIdentity, SyncReply, SyncRequest } from '@darkroom/contracts'

/**
 * Carries messages to other nodes. Every call rejects, within a bounded time, when the message or its answer didn't
 * get through or the peer refused it; what comes back has the shape of the contract.
 */
export interface Network {
  gossip(to: Member, message: Gossip): Promise<void>
  sync(to: Member, request: SyncRequest): Promise<SyncReply>
  /** Tells whoever answers at an address who asks; answers who that is. */
  identify(url: string, self: NodeIdentity): Promise<NodeIdentity>
}
