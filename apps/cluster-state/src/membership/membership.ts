import type { Member } from '@darkroom/contracts'

/**
 * Who else is there. It may be wrong for a while in both directions: a member that died is sent messages in vain, and
 * one that came is missed until it is known. Nothing is lost by either.
 */
/** The membership can't know who is there: what it asks doesn't answer, or refuses. */
export class MembersUnknown extends Error {}

export interface Membership {
  readonly self: Member
  /**
   * The others that are taken for alive, without this node; no promise about their order. The same array until there is
   * a change, and another one then.
   */
  members(): readonly Member[]
  /** Calls after every change of `members()`; returns what ends that. */
  onChange(listener: () => void): () => void
  /** Resolves when what is there was seen for the first time, this node included; never if that can't be asked. */
  readonly firstLook: Promise<void>
  /** Addresses under which this node's id is known but which this run did not give: it was there before, or a copy is. */
  rivals(): readonly string[]
  /** Rejects, with words for the log, while it can't tell who is there. What it knew stands meanwhile. */
  checkReady(): Promise<void>
  /** Leaves. Idempotent. */
  close(): Promise<void>
}
