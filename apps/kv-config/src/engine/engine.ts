export interface KvEntry {
  key: string
  value: Uint8Array
  /** The revision of the write that set the value; also its ETag. */
  revision: number
  isLeased: boolean
  /** Only in listings that request it: the end of the lease, which may be later if it was renewed since. */
  expiresAt?: Date
}

/** The condition of a write. */
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
  /** The last key of the previous page. */
  cursor?: string | undefined
  /** Whether entries contain the end of their lease; some engines need a request per entry for this. */
  includesExpiry?: boolean
}

/** A page ends when its values reach this size; the last value may exceed it. */
export const pageBytes = 4 * 1024 * 1024

/**
 * Keys with raw bytes. Every change increases the revision of the store. An acknowledged write is on disk. Checking a
 * condition and writing are one step. If the store's response to a write was lost, the write throws OutcomeUnknown, never a
 * conflict: it may still take effect, once.
 *
 * All methods throw StoreUnavailable or StoreMisconfigured; those that write also throw StoreFull and OutcomeUnknown.
 */
export interface KvStore {
  /** The revision of the latest change, as every other method returns it. */
  revision(): Promise<number>
  /** Reads see every acknowledged write, and no entry whose lease has expired. */
  get(key: string): Promise<{ revision: number; entry: KvEntry | undefined }>
  /** Lists entries in the byte order of their keys. A page ends early when its values reach 4 MiB. */
  list(query: ListQuery): Promise<{ revision: number; entries: KvEntry[]; next?: string }>
  /**
   * Sets a value, which is deleted after `ttlSeconds` if given. Setting the current value again keeps its revision and
   * only renews the lease: callers that wait for a change are not woken.
   */
  set(
    key: string,
    value: Uint8Array,
    options: { condition: Condition; ttlSeconds?: number | undefined },
  ): Promise<WriteOutcome>
  /** Deleting a missing key is a write, too, but keeps the revision. */
  delete(key: string, condition: Condition): Promise<WriteOutcome>
  /**
   * Resolves once something in the scope may have changed after the revision, or `signal` is aborted. It never misses
   * a change; it may resolve without a change if the store has lost its history (after a restart).
   */
  waitForChange(scope: Scope, after: number, signal: AbortSignal): Promise<void>
  /** Rejects while the store doesn't answer, or refuses new values. */
  checkReady(): Promise<void>
  /** Only in a store with several members. */
  readonly cluster?: Cluster
  close(): Promise<void>
}

export interface Member {
  id: string
  name: string
  urls: string[]
}

/** The cluster refuses this change of its members at the moment. */
export class MembersUnchanged extends Error {
  constructor(reason: string, cause: unknown) {
    super(`the members were not changed: ${reason}`, { cause })
  }
}

export interface Cluster {
  members(): Promise<{ leader?: string; members: Member[] }>
  /** @throws MembersUnchanged, like `remove` */
  add(urls: string[]): Promise<{ id: string }>
  /** Returns whether the member existed. */
  remove(id: string): Promise<boolean>
}
