import type { Gossip, Member, NodeIdentity, SyncReply, SyncRequest } from '@darkroom/contracts'

/**
 * Sends messages to other nodes. A call rejects within a limited time if the message or its response got lost, or if the
 * peer refused it. Responses have the shape of the contract.
 */
export interface Network {
  gossip(to: Member, message: Gossip): Promise<void>
  sync(to: Member, request: SyncRequest): Promise<SyncReply>
  /** Sends this node's identity to the node at an address, and returns that node's identity. */
  identify(url: string, self: NodeIdentity): Promise<NodeIdentity>
}
