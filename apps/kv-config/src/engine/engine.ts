export interface KvEntry {
  key: string
  value: Uint8Array
  /** Of the write that set the value; the ETag. */
  revision: number
  isLeased: boolean
  /** In listings that ask for it: its lease ends then or, if it was renewed since, later. */
  expiresAt?: Date
}

/** What must hold for a write to happen. */
export type Condition =
  | { kind: 'always' }
  | { kind: 'absent' }
  | { kind: 'present' }
  | { kind: 'revision'; revision: number }
  | { kind: 'all' | 'any'; of: readonly Condition[] }
  | { kind: 'not'; of: Condition }

export type WriteOutcome =
  | { kind: 'written'; revision: number; isNew: boolean }
  | { kind: 'conflict'; current: KvEntry | undefined }

/** One key, or all keys with a prefix. */
export type Scope = { key: string } | { prefix: string }

export interface ListQuery {
  prefix: string
  limit: number
  /** The last key of the page before. */
  cursor?: string | undefined
  /** Whether entries are to tell when their leases end, for which an engine may have to ask one by one. */
  tellsExpiry?: boolean
}

/** The values of a page come to this, and the last may go beyond it. */
export const pageBytes = 4 * 1024 * 1024

/**
 * Keys with raw bytes. Every change takes a greater revision of the store; an answered write is on disk; a
 * condition is checked and the write done as one step. A write whose answer was lost on the way to the store throws
 * OutcomeUnknown, and never answers a conflict: it may still take effect, once.
 *
 * All verbs throw StoreUnavailable, or StoreMisconfigured; those that write also StoreFull and OutcomeUnknown.
 */
export interface KvStore {
  /** Reads see every answered write, and no entry whose lease ran out. */
  get(key: string): Promise<{ revision: number; entry: KvEntry | undefined }>
  /** In the order of the keys' bytes. A page ends early where its values reach 4 MiB. */
  list(query: ListQuery): Promise<{ revision: number; entries: KvEntry[]; next?: string }>
  /**
   * Sets a value, which is removed after `ttlSeconds` if that is given. The value that already stands there
   * keeps its revision and gets the new lease: nobody who waits for a change is woken.
   */
  set(
    key: string,
    value: Uint8Array,
    options: { condition: Condition; ttlSeconds?: number | undefined },
  ): Promise<WriteOutcome>
  /** Removing what isn't there is written too, with the revision as it was. */
  delete(key: string, condition: Condition): Promise<WriteOutcome>
  /**
   * Resolves once something in the scope may have changed after the revision, or `signal` is aborted. It
   * never misses a change; it may wake for none where the store no longer knows (after a restart).
   */
  waitForChange(scope: Scope, after: number, signal: AbortSignal): Promise<void>
  /** Rejects while it doesn't answer, or takes no new values. */
  checkReady(): Promise<void>
  /** Only of a store with several members. */
  readonly cluster?: Cluster
  close(): Promise<void>
}

export interface Member {
  id: string
  name: string
  urls: string[]
}

/** The cluster doesn't change its members in this way now. */
export class MembersUnchanged extends Error {
  constructor(reason: string, cause: unknown) {
    super(`the members stay as they are: ${reason}`, { cause })
  }
}

export interface Cluster {
  members(): Promise<{ leader?: string; members: Member[] }>
  /** @throws MembersUnchanged, as may `remove` */
  add(urls: string[]): Promise<{ id: string }>
  /** Whether there was one. */
  remove(id: string): Promise<boolean>
}
