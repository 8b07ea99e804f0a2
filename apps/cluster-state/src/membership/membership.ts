import type { Member } from '@darkroom/contracts'

/**
 * Who else is there. It may be wrong for a while in both directions: a member that died is sent messages in vain, and
 * one that came is missed until it is known. Nothing is lost by either.
 */
/** The membership can't find the other nodes: its server doesn't answer, or refuses. */
export class MembersUnknown extends Error {}

export interface Membership {
  readonly self: Member
  /**
   * The other nodes that are considered alive, in no particular order. The array is replaced when there is a change,
   * and is the same until then.
   */
  members(): readonly Member[]
  /** Calls `listener` after every change of `members()`; returns a function that removes it. */
  onChange(listener: () => void): () => void
  /** Resolves when the members, this node included, were read for the first time; never if they can't be read. */
  readonly firstLook: Promise<void>
  /**
   * Other addresses that have this node's id, and that this run did not register: an earlier address, or that of a
   * copy.
   */
  rivals(): readonly string[]
  /** Rejects, with a message for the log, while the members can't be read. The last known members stay meanwhile. */
  checkReady(): Promise<void>
  /** Leaves the cluster. Idempotent. */
  close(): Promise<void>
}
