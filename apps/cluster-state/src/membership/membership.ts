import type { Member } from '@darkroom/contracts'

/** The membership can't find the other nodes: its server doesn't answer, or refuses. */
export class MembersUnknown extends Error {}

/**
 * The other nodes of the cluster. It may be wrong for a while: a dead node may still be a member and get messages, and a
 * new node may not be a member yet. No data is lost in either case.
 */
export interface Membership {
  readonly self: Member
  /**
   * The other nodes that are considered alive, in no particular order. Each change replaces the array by a new array.
   */
  members(): readonly Member[]
  /** Calls `listener` after every change of `members()`; returns a function that removes it. */
  onChange(listener: () => void): () => void
  /** Resolves when the members, this node included, were read for the first time; never if they can't be read. */
  readonly firstRead: Promise<void>
  /**
   * Other addresses with this node's id, which this run of the node did not register. They are earlier addresses of this
   * node, or addresses of copies.
   */
  otherAddresses(): readonly string[]
  /** Rejects, with a message for the log, while the members can't be read. The last known members stay meanwhile. */
  checkReady(): Promise<void>
  /** Leaves the cluster. Idempotent. */
  close(): Promise<void>
}
