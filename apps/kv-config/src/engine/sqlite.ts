import type { DatabaseSync } from 'node:sqlite'
import {
  type Clock,
  diskFailed,
  diskFull,
  diskRefused,
  longestTimerMs,
  SteadyTime,
  StoreFull,
  StoreUnavailable,
  systemClock,
} from '@darkroom/service-kit'
import { GroupCommit, lockFile, type Migrations, openDatabase } from '@darkroom/sqlite'
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

const migrations: Migrations = [
  `
  CREATE TABLE entries (
    key BLOB PRIMARY KEY,
    value BLOB NOT NULL,
    revision INTEGER NOT NULL,
    ttl_ms INTEGER,
    expires_at INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entries_by_expiry ON entries (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE store (revision INTEGER NOT NULL) STRICT;
  INSERT INTO store VALUES (0);
  `,
]

/** How long to wait before retrying to remove expired entries. */
const expiryRetryMs = 1000

interface Row {
  key: Uint8Array
  value: Uint8Array
  revision: number
  expires_at: number | null
}

/** Entries in a file, which only one process may use at a time. */
export class SqliteKvStore implements KvStore {
  readonly #lock: Disposable
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #feed: ChangeFeed
  /** The time of leases: it doesn't change when the clock is set. */
  readonly #leaseTime: SteadyTime
  /** Since when the disk refuses writes. Meanwhile no lease can be renewed, so no lease ends. */
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
    this.#statements = prepareStatements(this.#database)
    this.#leaseTime = new SteadyTime(clock)
    // Leases could not be renewed while the store was down, so every lease starts again.
    this.#statements.restartLeases.run(this.#leaseTime.now())
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
      const current = this.#read(key)
      if (!holds(condition, current)) return { kind: 'conflict', current }
      const isSame = current !== undefined && Buffer.compare(current.value, value) === 0
      const revision = isSame ? current.revision : this.#nextRevision()
      const expiresAt = ttlMs && this.#leaseTime.now() + ttlMs
      isRenewal = isSame && this.#statements.renew.run(expiresAt, keyBytes(key), ttlMs).changes === 1
      if (!isRenewal) this.#statements.set.run(keyBytes(key), value, revision, ttlMs, expiresAt)
      return { kind: 'written', revision, isNew: current === undefined }
    }
    const outcome = await this.#write(write, {
      onCommit: outcome => this.#publish(key, outcome),
      // After a power cut, leases start again anyway.
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
  async #write<Result>(
    write: () => Result,
    options: { onCommit: (result: Result) => void; mayBeLost?: () => boolean },
  ): Promise<Result> {
    try {
      const refusedSince = this.#refusedSince
      const result = await this.#writes.run(() => {
        if (refusedSince !== undefined) this.#statements.renewLeases.run(this.#leaseTime.now(), refusedSince)
        return write()
      }, options)
      if (refusedSince !== undefined) this.#refusedSince = undefined
      return result
    } catch (error) {
      const isRefused = error instanceof StoreFull || error instanceof StoreUnavailable
      if (isRefused) this.#refusedSince ??= this.#leaseTime.now()
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
    const row = this.#statements.get.get(keyBytes(key), this.#leasesAt())
    return row && this.#toEntry(row as unknown as Row)
  }

  /** The ends of leases are returned in the current time of day. */
  #toEntry({ key, value, revision, expires_at }: Row): KvEntry {
    return {
      key: keyText(key),
      value,
      revision,
      isLeased: expires_at !== null,
      ...(expires_at !== null && { expiresAt: this.#leaseTime.timeOfDay(expires_at) }),
    }
  }

  #list({ prefix, limit, cursor }: ListQuery) {
    const revision = this.#revision()
    const after = cursor === undefined ? null : keyBytes(cursor)
    const rows = this.#statements.list.iterate(
      keyBytes(prefix),
      prefixEnd(prefix),
      after,
      after,
      this.#leasesAt(),
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
    const next = this.#statements.nextExpiry.get()?.expires_at
    if (typeof next === 'number') this.#expireAfter(next - this.#leaseTime.now())
  }

  #expireAfter(ms: number): void {
    clearTimeout(this.#expiry)
    this.#expiry = setTimeout(() => this.#expire(), Math.min(Math.max(ms, 0), longestTimerMs))
  }

  /** Reads hide expired entries, so after a disk error this can wait; writes report the error. */
  async #expire(): Promise<void> {
    try {
      const remove = () =>
        this.#statements.deleteExpired
          .all(this.#leasesAt())
          .map(row => ({ key: keyText(row.key as Uint8Array), revision: this.#nextRevision() }))
      await this.#write(remove, { onCommit: changes => this.#feed.publish(changes) })
      this.#scheduleExpiry()
    } catch {
      if (!this.#isClosing) this.#expireAfter(expiryRetryMs)
    }
  }
}

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  const live = '(expires_at IS NULL OR expires_at > ?)'
  return {
    get: prepare(`SELECT * FROM entries WHERE key = ? AND ${live}`),
    list: prepare(
      `SELECT * FROM entries
       WHERE key >= ? AND key < ? AND (? IS NULL OR key > ?) AND ${live} ORDER BY key`,
    ),
    set: prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?)'),
    renew: prepare('UPDATE entries SET expires_at = ? WHERE key = ? AND ttl_ms = ?'),
    delete: prepare('DELETE FROM entries WHERE key = ?'),
    deleteExpired: prepare('DELETE FROM entries WHERE expires_at <= ? RETURNING key'),
    nextExpiry: prepare('SELECT min(expires_at) AS expires_at FROM entries WHERE expires_at IS NOT NULL'),
    restartLeases: prepare('UPDATE entries SET expires_at = ? + ttl_ms WHERE ttl_ms IS NOT NULL'),
    renewLeases: prepare(
      'UPDATE entries SET expires_at = ? + ttl_ms WHERE ttl_ms IS NOT NULL AND expires_at > ?',
    ),
    revision: prepare('SELECT revision FROM store'),
    nextRevision: prepare('UPDATE store SET revision = revision + 1 RETURNING revision'),
  }
}

function keyText(key: Uint8Array): string {
  return Buffer.from(key).toString()
}
