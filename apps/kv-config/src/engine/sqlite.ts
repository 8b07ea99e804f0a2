import type { DatabaseSync } from 'node:sqlite'
import {
  type Clock,
  diskFailed,
  diskFull,
  diskRefused,
  longestTimerMs,
  SteadyTime,
  StoreUnavailable,
  systemClock,
} from '@darkroom/service-kit'
import { GroupCommit, lockFile, openDatabase, type WriteOptions } from '@darkroom/sqlite'
import { ChangeFeed } from './change-feed.ts'
import { holds } from './condition.ts'
import {
  type Condition,
  type KvEntry,
  type KvStore,
  type ListQuery,
  pageBytes,
  type Scope,
  type WriteOutcome,
} from './engine.ts'
import { keyBytes, prefixEnd } from './key-range.ts'
import { leases, migrations, prepareStatements, type Row } from './sqlite-statements.ts'

/** How long to wait before retrying to remove expired entries. */
const expiryRetryMs = 1000

/** Entries in a file, which only one process may use at a time. */
export class SqliteKvStore implements KvStore {
  readonly #lock: Disposable
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #feed: ChangeFeed
  /** The time of leases: it doesn't change when the clock is set. */
  readonly #leaseTime: SteadyTime
  /** Since when the disk refuses writes. Meanwhile leases cannot be renewed, so none ends. */
  #refusedSince: number | undefined
  #expiry: NodeJS.Timeout | undefined
  #isClosing = false

  /** @throws UnusableFile */
  constructor({ path, clock = systemClock }: { path: string; clock?: Clock }) {
    using opened = new DisposableStack()
    this.#lock = opened.use(lockFile(path))
    this.#database = openDatabase(path, migrations)
    this.#writes = new GroupCommit(this.#database, {
      fullError: diskFull,
      refusedError: diskRefused,
      failedError: diskFailed,
    })
    this.#database.exec(leases)
    this.#statements = prepareStatements(this.#database)
    this.#leaseTime = new SteadyTime(clock)
    this.#statements.startLeases.run(this.#leaseTime.now())
    this.#feed = new ChangeFeed(this.#revision())
    this.#scheduleExpiry()
    opened.move()
  }

  async revision(): Promise<number> {
    return this.#writes.read(() => this.#revision())
  }

  async get(key: string) {
    return this.#writes.read(() => ({ revision: this.#revision(), entry: this.#read(key) }))
  }

  async list(query: ListQuery) {
    return this.#writes.read(() => this.#list(query))
  }

  async set(
    key: string,
    value: Uint8Array,
    { condition, ttlSeconds }: { condition: Condition; ttlSeconds?: number | undefined },
  ): Promise<WriteOutcome> {
    const ttlMs = ttlSeconds === undefined ? null : Math.ceil(ttlSeconds * 1000)
    let isRenewal = false
    const write = (): WriteOutcome => {
      const row = this.#row(key)
      const current = row && this.#toEntry(row)
      if (!holds(condition, current)) return { kind: 'conflict', current }
      const isSame = row !== undefined && Buffer.compare(row.value, value) === 0
      const revision = isSame ? row.revision : this.#nextRevision()
      isRenewal = isSame && ttlMs !== null && row.ttl_ms === ttlMs
      if (!isRenewal) this.#statements.set.run(keyBytes(key), value, revision, ttlMs)
      if (ttlMs === null) this.#statements.endLease.run(keyBytes(key))
      else this.#statements.startLease.run(keyBytes(key), this.#leaseTime.now() + ttlMs)
      return { kind: 'written', revision, isNew: row === undefined }
    }
    const outcome = await this.#write(write, {
      onCommit: outcome => this.#publish(key, outcome),
      mayBeLost: () => isRenewal,
    })
    if (ttlMs !== null) this.#scheduleExpiry()
    return outcome
  }

  async delete(key: string, condition: Condition): Promise<WriteOutcome> {
    const remove = (): WriteOutcome => {
      const current = this.#read(key)
      if (!holds(condition, current)) return { kind: 'conflict', current }
      if (!current) return { kind: 'written', revision: this.#revision(), isNew: false }
      this.#statements.delete.run(keyBytes(key))
      this.#statements.endLease.run(keyBytes(key))
      return { kind: 'written', revision: this.#nextRevision(), isNew: false }
    }
    return this.#writes.run(remove, { makesRoom: true, onCommit: outcome => this.#publish(key, outcome) })
  }

  async waitForChange(scope: Scope, after: number, signal: AbortSignal) {
    if (after <= this.#feed.revision) await this.#feed.wait(scope, after, signal)
  }

  async checkReady(): Promise<void> {
    await this.#writes.checkReady()
    await this.revision()
  }

  async close() {
    if (!this.#database.isOpen) return
    this.#isClosing = true
    clearTimeout(this.#expiry)
    await this.#writes.close()
    this.#lock[Symbol.dispose]()
  }

  /** If the disk refused earlier writes, leases start again with this write. */
  async #write<Result>(write: () => Result, options: WriteOptions<Result>): Promise<Result> {
    try {
      const refusedSince = this.#refusedSince
      const result = await this.#writes.run(() => {
        if (refusedSince !== undefined) this.#statements.renewLeases.run(this.#leaseTime.now(), refusedSince)
        return write()
      }, options)
      if (refusedSince !== undefined) this.#refusedSince = undefined
      return result
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#refusedSince ??= this.#leaseTime.now()
      throw error
    }
  }

  /** Called in the order of the writes, as the feed requires. */
  #publish(key: string, outcome: WriteOutcome): void {
    if (outcome.kind === 'written') this.#feed.publish([{ key, revision: outcome.revision }])
  }

  /** The time for which leases are compared. */
  #leasesAt(): number {
    return this.#refusedSince ?? this.#leaseTime.now()
  }

  #read(key: string): KvEntry | undefined {
    const row = this.#row(key)
    return row && this.#toEntry(row)
  }

  #row(key: string): Row | undefined {
    return this.#statements.get.get(this.#leasesAt(), keyBytes(key)) as unknown as Row | undefined
  }

  /** The ends of leases are returned in the current time of day. */
  #toEntry({ key, value, revision, ends_at }: Row): KvEntry {
    return {
      key: keyText(key),
      value,
      revision,
      isLeased: ends_at !== null,
      ...(ends_at !== null && { expiresAt: this.#leaseTime.timeOfDay(ends_at) }),
    }
  }

  #list({ prefix, limit, cursor }: ListQuery) {
    const revision = this.#revision()
    const after = cursor === undefined ? null : keyBytes(cursor)
    const rows = this.#statements.list.iterate(
      this.#leasesAt(),
      keyBytes(prefix),
      prefixEnd(prefix),
      after,
      after,
    )
    const entries: KvEntry[] = []
    let bytes = 0
    for (const row of rows) {
      const last = entries.at(-1)
      if (last && (entries.length === limit || bytes >= pageBytes))
        return { revision, entries, next: last.key }
      const entry = this.#toEntry(row as unknown as Row)
      bytes += entry.value.length
      entries.push(entry)
    }
    return { revision, entries }
  }

  #revision(): number {
    return Number(this.#statements.revision.get()?.revision)
  }

  #nextRevision(): number {
    return Number(this.#statements.nextRevision.get()?.revision)
  }

  #scheduleExpiry(): void {
    clearTimeout(this.#expiry)
    if (this.#isClosing) return
    const next = this.#statements.nextEnd.get()?.ends_at
    if (typeof next === 'number') this.#expireAfter(next - this.#leaseTime.now())
  }

  #expireAfter(ms: number): void {
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => this.#expire(), Math.min(Math.max(ms, 0), longestTimerMs))
  }

  /** Reads hide expired entries, so after a disk error this can wait; writes report the error. */
  async #expire(): Promise<void> {
    try {
      const remove = () => {
        const now = this.#leasesAt()
        const expired = this.#statements.deleteExpired.all(now)
        this.#statements.endLeases.run(now)
        return expired.map(row => ({ key: keyText(row.key as Uint8Array), revision: this.#nextRevision() }))
      }
      await this.#write(remove, { makesRoom: true, onCommit: changes => this.#feed.publish(changes) })
      this.#scheduleExpiry()
    } catch {
      if (!this.#isClosing) this.#expireAfter(expiryRetryMs)
    }
  }
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString()
}
