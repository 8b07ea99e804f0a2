import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { isDiskError } from './disk-error.ts'
import { defaultReserveBytes, Reserve } from './reserve.ts'
import { sqliteCodeOf, sqliteCodes } from './sqlite-error.ts'
import { unusable } from './unusable-file.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

interface GroupCommitOptions {
  /** Creates the error of a full disk. */
  fullError?: (cause: unknown) => unknown
  /** Creates the error of a write that the disk refuses (see isDiskError); later writes may succeed. */
  refusedError?: (cause: unknown) => unknown
  /** Creates the error of a failed disk: the error of all later writes, and of `checkReady`. */
  failedError?: (cause: unknown) => unknown
  /**
   * The space that is kept for writes that make room. With large rows, the database needs twice `checkpointBytes`: on a full
   * disk it grows by the whole log before the log can be truncated.
   */
  reserveBytes?: number
}

interface Write {
  /** It deletes more than it adds, so it may use the reserve when the disk is full. */
  makesRoom: boolean
  apply(): void
  mayBeLost(): boolean
  committed(): void
  failed(error: unknown): void
}

export interface WriteOptions<Result> {
  /** The write deletes more than it adds: it succeeds even on a full disk, and it may be run twice. */
  makesRoom?: boolean
  /** Called before the write is acknowledged, and before all reads that can see it, in the order of the writes. */
  onCommit?: (result: Result) => void
  /**
   * Called after the write: whether a power cut may undo it although it was acknowledged. By default, it may not. If all
   * writes of a group may be lost, they are acknowledged without an fsync; the next fsync covers them, too.
   */
  mayBeLost?: () => boolean
}

/**
 * Commits writes in groups: the writes of one turn of the event loop, and those that arrive while the previous group
 * waits for the disk, share one transaction and so one fsync. A write is acknowledged when it is on disk; statements that
 * don't run in `read` see it before that, and nothing else waits for it. A write that throws is rolled back alone. A write
 * that another write runs joins its group.
 *
 *     write ─┐
 *     write ─┼─> BEGIN · write · write · write · COMMIT ─> fsync in another thread ─> all acknowledged
 *     write ─┘
 */
export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #fullError: (cause: unknown) => unknown
  readonly #refusedError: (cause: unknown) => unknown
  readonly #failedError: (cause: unknown) => unknown
  readonly #log: WriteAheadLog
  readonly #reserve: Reserve
  readonly #transaction: Record<'begin' | 'commit' | 'savepoint' | 'release', StatementSync>
  #waiting: Write[] = []
  /** The writes of the open transaction, while they are applied. */
  #open: Write[] | undefined
  #committing: Promise<void> | undefined
  /** Whether the database contains writes that are not on disk yet. */
  #isCommitting = false
  /** Reads that wait for the end of the current group. */
  readonly #reads: (() => void)[] = []
  /**
   * The reason why all later writes fail. After a failed fsync, Linux may have dropped data that another fsync would
   * report as synced.
   */
  #fault: unknown
  /** Whether the log may have commits that are not on disk: of writes that may be lost, or of a process that was killed. */
  #hasUnsynced = true
  /** Whether the disk refused the last write. */
  #isRefused = false

  /** The instance owns the database from now on: `close` closes it. */
  constructor(
    database: DatabaseSync,
    {
      fullError = cause => cause,
      refusedError = cause => cause,
      failedError = cause => cause,
      reserveBytes = defaultReserveBytes,
    }: GroupCommitOptions = {},
  ) {
    this.#database = database
    this.#fullError = fullError
    this.#refusedError = refusedError
    this.#failedError = failedError
    this.#log = new WriteAheadLog(database)
    this.#reserve = new Reserve(this.#log.databasePath, reserveBytes)
    this.#transaction = {
      begin: database.prepare('BEGIN IMMEDIATE'),
      commit: database.prepare('COMMIT'),
      savepoint: database.prepare('SAVEPOINT write'),
      release: database.prepare('RELEASE write'),
    }
  }

  /** Runs `write` in the next group. Resolves with its result once the write is on disk. */
  run<Result>(
    write: () => Result,
    { makesRoom = false, onCommit, mayBeLost = () => false }: WriteOptions<Result> = {},
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: Result
      const group = this.#open ?? this.#waiting
      group.push({
        makesRoom,
        apply: () => {
          result = write()
        },
        mayBeLost,
        committed: () => {
          try {
            onCommit?.(result)
            resolve(result)
          } catch (error) {
            reject(error) // the other writes, and all later ones, must not wait forever
          }
        },
        failed: reject,
      })
      this.#committing ??= this.#commitAll()
    })
  }

  /**
   * Runs `look` when all data that it can see is on disk, except for writes that may be lost: after the current group, and
   * before the next group.
   */
  async read<Result>(look: () => Result): Promise<Result> {
    if (!this.#isCommitting) return look()
    return new Promise(resolve => this.#reads.push(() => resolve(Promise.try(look))))
  }

  /** After a refusal, it tries a write. @throws the error of later writes, if the disk has failed or refuses writes */
  async checkReady(): Promise<void> {
    if (this.#isRefused) await this.run(() => this.#rewriteVersion())
    this.#throwFault()
  }

  /** Lets pending writes finish, and closes the database. Idempotent. */
  async close(): Promise<void> {
    await this.#committing
    if (this.#database.isOpen) this.#log.close()
  }

  async #commitAll(): Promise<void> {
    await new Promise(setImmediate)
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      this.#isCommitting = true
      await this.#commit(group)
      this.#isCommitting = false
      for (const read of this.#reads.splice(0)) read()
    }
    this.#committing = undefined
  }

  async #commit(group: readonly Write[]): Promise<void> {
    let { writes, error } = await this.#tryCommit(group)
    const isFull = isDiskFull(error)
    if (isFull) {
      const mayFit = (write: Write) => write.makesRoom || write.mayBeLost()
      for (const write of writes) if (!mayFit(write)) write.failed(this.#reasonOf(error))
      writes = writes.filter(mayFit)
    }
    if (isFull && writes.length > 0) {
      // A truncated log leaves room, too.
      await this.#checkpoint({ isLogShort: true })
      this.#reserve.release()
      ;({ writes, error } = await this.#tryCommit(writes))
    }
    // Writes that may be lost do not show whether the disk takes others: some write nothing to it.
    if (error !== undefined || !writes.every(write => write.mayBeLost())) this.#isRefused = isDiskError(error)
    for (const write of writes) {
      if (error === undefined) write.committed()
      else write.failed(this.#reasonOf(error))
    }
    if (this.#fault !== undefined) return
    await this.#checkpoint({ isLogShort: isFull })
    this.#reserve.refill()
  }

  /** Returns the writes that did not fail by themselves. With an error, the disk has failed, and none of them is stored. */
  async #tryCommit(group: readonly Write[]): Promise<{ writes: readonly Write[]; error?: unknown }> {
    const open = [...group]
    const failed = new Set<Write>()
    const stored = () => open.filter(write => !failed.has(write))
    try {
      this.#throwFault()
      this.#transaction.begin.run()
      this.#open = open
      for (const write of open) if (!this.#apply(write, { isFirst: write === open[0] })) failed.add(write)
      this.#open = undefined
      this.#transaction.commit.run()
      this.#hasUnsynced = true
      const isWaitedFor = !stored().every(write => write.mayBeLost())
      if (isWaitedFor || this.#log.isSyncDue) await this.#sync()
      return { writes: stored() }
    } catch (error) {
      this.#open = undefined
      if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK')
      return { writes: stored(), error }
    }
  }

  async #sync(): Promise<void> {
    await this.#orFault(this.#log.sync())
    this.#hasUnsynced = false
  }

  /** While the disk is full, the writes stay in the log. A long log has been synced (see isSyncDue). */
  async #checkpoint({ isLogShort }: { isLogShort: boolean }): Promise<void> {
    try {
      if (isLogShort && this.#hasUnsynced) await this.#sync()
      await this.#orFault(this.#log.checkpoint({ isLogShort }))
    } catch {
      // Later writes get the fault of the disk. On a full disk, each write gets its own error.
    }
  }

  #reasonOf(error: unknown): unknown {
    if (isDiskFull(error)) return this.#fullError(error)
    return isDiskError(error) ? this.#refusedError(unusable(this.#log.databasePath, error)) : error
  }

  #throwFault(): void {
    if (this.#fault !== undefined) throw this.#fault
  }

  /** A small write that changes nothing. */
  #rewriteVersion(): void {
    const version = this.#database.prepare('PRAGMA user_version').get()?.user_version
    this.#database.exec(`PRAGMA user_version = ${version}`)
  }

  async #orFault(work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (cause) {
      if (isDiskFull(cause)) throw cause
      this.#fault = this.#failedError(cause)
      throw this.#fault
    }
  }

  /** Returns whether the write succeeded. The first write needs no savepoint: nothing else would be rolled back with it. */
  #apply(write: Write, { isFirst }: { isFirst: boolean }): boolean {
    if (!isFirst) this.#transaction.savepoint.run()
    try {
      write.apply()
      if (!isFirst) this.#transaction.release.run()
      return true
    } catch (error) {
      // After some disk errors SQLite rolls back the whole transaction by itself.
      const isOfAll = isDiskError(error) || (write.makesRoom && isDiskFull(error))
      if (isOfAll || !this.#database.isTransaction) throw error
      this.#database.exec(isFirst ? 'ROLLBACK; BEGIN IMMEDIATE' : 'ROLLBACK TO write; RELEASE write')
      write.failed(this.#reasonOf(error))
      return false
    }
  }
}

/** The write or the checkpoint can be repeated. */
function isDiskFull(error: unknown): boolean {
  return sqliteCodeOf(error) === sqliteCodes.full
}
