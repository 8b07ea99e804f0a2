import {
  abilitiesBeyond,
  allAbilities,
  type NewTask,
  type NoticeClaim,
  type Task,
  type TaskState,
  type TaskStats,
} from '@darkroom/contracts'
import { repeat, StoreUnavailable } from '@darkroom/service-kit'
import type { QueryResultRow } from 'pg'
import type { Outcome } from '../../event-outcome.ts'
import type { ClaimEvent, TaskEvent } from '../../transitions.ts'
import type { ChangeListener, MinuteCount, TaskChange, TaskQuery, TaskStore } from '../engine.ts'
import { Batches } from './batches.ts'
import { ChangeChannel } from './change-channel.ts'
import { claimGivenTasks, claimTasks, listed, waitingExcept } from './claims.ts'
import type { ConnectionOptions } from './connection.ts'
import { CommitUnknown, Database } from './database.ts'
import type { Decision } from './decision.ts'
import {
  addCounts,
  applyEvents,
  type Creation,
  claimNotices,
  createTasks,
  cutLeases,
  deleteTasks,
  dueNotices,
  expireLeases,
  restoreTasks,
  selectTooLong,
} from './decisions.ts'
import { describeFailure, failureKind } from './failures.ts'
import { foldCounts, forgetCommits } from './maintenance.ts'
import { selectPage, type TaskRow } from './task-rows.ts'

export interface PostgresOptions extends ConnectionOptions {
  /** Default: the database's own time, which is the same for all copies of the service. */
  now?: (() => Date) | undefined
}

/** One notification contains at most this many tasks. */
const batchSize = 200
/** How many batches of each operation run at once. More would only make smaller batches that wait for the same disk. */
const batchesAtOnce = 2
/** Leases taken back in one transaction, so that it stays short. */
const expiryBatch = 500
const foldIntervalMs = 1000
const forgetIntervalMs = 60_000
const returnIntervalMs = 500

interface Claiming {
  /** Checks whether any task waits. Simultaneous callers share one query. */
  checks: Batches<{ waitsForLocks: boolean }, boolean>
  claims: Batches<{ worker: string; leaseMs: number }, Task | undefined>
  givenClaims: Batches<{ id: string; event: ClaimEvent }, Outcome | undefined>
}

/** Tasks in PostgreSQL. Any number of copies of the service may share one database. */
export class PostgresTaskStore implements TaskStore {
  readonly #options: PostgresOptions
  readonly #database: Database
  readonly #channel: ChangeChannel
  readonly #listeners = new Set<ChangeListener>()
  readonly #closing = new AbortController()
  readonly #maintaining: Promise<void>[]
  readonly #creations: Batches<Creation, { isNew: boolean; task: Task }>
  readonly #events: Batches<{ id: string; event: TaskEvent }, Outcome | undefined>
  readonly #deletions: Batches<string, boolean>
  readonly #returning = new Set<Promise<void>>()
  /** By the missing abilities, whose tasks are skipped. */
  readonly #claimings = new Map<string, Claiming>()
  #closed: Promise<void> | undefined

  private constructor(options: PostgresOptions, database: Database) {
    this.#options = options
    this.#database = database
    this.#channel = new ChangeChannel({
      servers: database.servers,
      logger: options.logger,
      find: ids => this.#find(ids),
      announce: change => this.#announce(change),
    })
    this.#creations = this.#inBatches((given, deadline) => this.#change(createTasks(given), deadline))
    this.#events = this.#inBatches((events, deadline) => this.#change(applyEvents(events), deadline))
    this.#deletions = this.#inBatches((ids, deadline) => this.#change(deleteTasks(ids), deadline))
    this.#maintaining = [
      this.#maintainEvery(foldIntervalMs, () => foldCounts(database)),
      this.#maintainEvery(forgetIntervalMs, () => forgetCommits(database)),
    ]
  }

  /** @throws StoreMisconfigured; if PostgreSQL doesn't answer, the store waits for it */
  static async open(options: PostgresOptions): Promise<PostgresTaskStore> {
    return new PostgresTaskStore(options, await Database.open(options))
  }

  create(id: string, given: NewTask) {
    return this.#creations.add({ id, given })
  }

  async get(id: string) {
    return (await this.#find([id])).get(id)
  }

  async list(query: TaskQuery) {
    const { text, values } = selectPage(query)
    const tasks = (await this.#database.read<TaskRow>(text, values)).map(({ document }) => document)
    const last = tasks[query.limit - 1]
    return { tasks, ...(last && { next: last.id }) }
  }

  /**
   * Skips tasks that another transaction has locked. As that transaction may leave its task unchanged, and then
   * announces nothing, the claim waits for locked tasks before it answers that there is no task.
   */
  async claim(worker: string, leaseMs: number, decodes = allAbilities) {
    const { checks, claims } = this.#claimingExcept(abilitiesBeyond(decodes))
    for (let waitsForLocks = false; await checks.add({ waitsForLocks }); waitsForLocks = true) {
      const task = await claims.add({ worker, leaseMs })
      if (task) return task
    }
    return undefined
  }

  async claimNotices(claim: NoticeClaim) {
    const now = this.#options.now?.()
    // Most polls find nothing; they need no transaction.
    const { text, values } = dueNotices({ ...claim, limit: 1 }, now)
    if ((await this.#database.read(text, values)).length === 0) return []
    const outcomes = await this.#change(claimNotices(claim, now))
    return outcomes.flatMap(outcome => (outcome?.kind === 'changed' ? [outcome.task] : []))
  }

  apply(id: string, event: TaskEvent) {
    if (event.type !== 'claim') return this.#events.add({ id, event })
    return this.#claimingExcept(abilitiesBeyond(event.decodes ?? [])).givenClaims.add({ id, event })
  }

  async restore(tasks: readonly Task[]) {
    const isNews = await this.#change(restoreTasks(tasks))
    return isNews.filter(Boolean).length
  }

  async expireLeases() {
    const now = this.#options.now?.()
    const isAnyTooLong = await this.#database.read(`${selectTooLong} LIMIT 1`, [now?.toISOString() ?? null])
    if (isAnyTooLong.length > 0) await this.#change(cutLeases(expiryBatch, now))
    // With this order, PostgreSQL uses the index even if its statistics are wrong.
    const text = `SELECT 1 FROM tasks WHERE lease_expires_at < coalesce($1::timestamptz, now())
      ORDER BY lease_expires_at LIMIT 1`
    if ((await this.#database.read(text, [now?.toISOString() ?? null])).length === 0) return []
    const outcomes = await this.#change(expireLeases(expiryBatch, now))
    return outcomes.flatMap(outcome => (outcome?.kind === 'changed' ? [outcome.task] : []))
  }

  delete(id: string) {
    return this.#deletions.add(id)
  }

  async findUnknown(ids: readonly string[]) {
    const possible = ids.filter(id => !id.includes('\0')) // PostgreSQL's texts can't contain it
    const text = 'SELECT id FROM tasks WHERE id = ANY ($1)'
    const rows = await this.#database.read<{ id: string }>(text, [possible])
    const known = new Set(rows.map(({ id }) => id))
    return ids.filter(id => !known.has(id))
  }

  async nextNoticeAt() {
    const next = (isSlow: boolean) => `(SELECT document -> 'callback' ->> 'dueAt' AS at FROM tasks
      WHERE notice_is_slow = ${isSlow} AND notice_due_at IS NOT NULL ORDER BY notice_due_at LIMIT 1)`
    const rows = await this.#database.read<{ at: string }>(`${next(false)} UNION ALL ${next(true)}`)
    return rows.map(({ at }) => at).sort()[0]
  }

  async stats() {
    const [row] = await this.#database.read<{
      counts: Partial<Record<TaskState, number>> | null
      oldest: string | null
    }>(
      `SELECT
        (SELECT json_object_agg(state, tasks)
          FROM (SELECT state, sum(tasks) AS tasks FROM counts GROUP BY state) AS sums) AS counts,
        (SELECT document ->> 'createdAt' FROM tasks WHERE state = 'not-started' ORDER BY id LIMIT 1) AS oldest`,
    )
    const none: TaskStats = { 'not-started': 0, 'in-progress': 0, finished: 0, failed: 0 }
    return { ...none, ...row?.counts, ...(row?.oldest && { oldestNotStartedAt: row.oldest }) }
  }

  async addCounts(counts: readonly MinuteCount[], forgetBefore: number) {
    await this.#change(addCounts(counts, forgetBefore))
  }

  async listCounts(sinceMinute: number) {
    const text = 'SELECT minute, name, count::double precision FROM minute_counts WHERE minute >= $1'
    return this.#database.read<MinuteCount & QueryResultRow>(text, [sinceMinute])
  }

  async countWaiting(owner: string) {
    const text = `SELECT count(*)::integer AS count FROM tasks
      WHERE owner <> '' AND owner = $1 AND state = 'not-started'`
    const [row] = await this.#database.read<{ count: number }>(text, [owner])
    return row?.count ?? 0
  }

  checkReady() {
    return this.#database.checkAcceptsWrites()
  }

  onChange(listener: ChangeListener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    const claimings = [...this.#claimings.values()].flatMap(({ checks, claims, givenClaims }) => [
      checks,
      claims,
      givenClaims,
    ])
    const batches = [...claimings, this.#creations, this.#events, this.#deletions]
    await Promise.all([...batches.map(each => each.ended()), ...this.#maintaining])
    await Promise.all(this.#returning)
    await this.#channel.close()
    await this.#database.close()
  }

  #claimingExcept(abilities: readonly string[]): Claiming {
    const key = abilities.join()
    const known = this.#claimings.get(key)
    if (known) return known
    const claiming: Claiming = {
      checks: this.#inBatches((checks, deadline) => this.#checkForWaiting(checks, abilities, deadline)),
      claims: this.#inBatches((claims, deadline) => this.#claim(claims, abilities, deadline)),
      givenClaims: this.#inBatches((claims, deadline) =>
        this.#change(claimGivenTasks(claims, abilities), deadline),
      ),
    }
    this.#claimings.set(key, claiming)
    return claiming
  }

  #inBatches<Item, Answer>(
    run: (items: Item[], deadline: number) => Promise<Answer[]>,
  ): Batches<Item, Answer> {
    const { timeoutMs } = this.#options
    const isItemError = (error: unknown) =>
      !(error instanceof StoreUnavailable) && failureKind(error) === 'fault'
    return new Batches({ run, isItemError, size: batchSize, concurrency: batchesAtOnce, timeoutMs })
  }

  async #change<Row extends QueryResultRow, Answer>(
    { read, decide }: Decision<Row, Answer>,
    deadline = this.#database.deadline(),
  ): Promise<Answer[]> {
    const decideByClock = (rows: Row[], databaseNow: Date) => {
      const { writes, ...result } = decide(rows, this.#options.now?.() ?? databaseNow)
      return { writes: [...writes, ...this.#channel.notify(result.changes)], result }
    }
    try {
      const { answers, changes } = await this.#database.change({ read, decide: decideByClock }, deadline)
      for (const change of changes) this.#announce(change)
      return answers
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#channel.reportUnknownCommit()
      throw error
    }
  }

  /** If the outcome is unknown, the caller gets an error. So if the claim was committed, its task has no worker. */
  async #claim(claims: { worker: string; leaseMs: number }[], except: readonly string[], deadline: number) {
    try {
      return await this.#change(claimTasks(claims, except), deadline)
    } catch (error) {
      if (error instanceof CommitUnknown) {
        const { answers } = error.result as { answers: (Task | undefined)[] }
        this.#returnUnanswered(answers.filter(task => task !== undefined))
      }
      throw error
    }
  }

  /**
   * Returns the tasks as soon as PostgreSQL answers; the attempt doesn't count. If the claim was not committed, the
   * return is refused.
   */
  #returnUnanswered(tasks: Task[]): void {
    const events = tasks.map(({ id, claims: token }) => ({ id, event: { type: 'return', token } as const }))
    const done = new AbortController()
    const { signal } = this.#closing
    const returning = repeat(returnIntervalMs, AbortSignal.any([signal, done.signal]), async () => {
      try {
        await this.#change(applyEvents(events))
        done.abort()
      } catch (error) {
        if (!(error instanceof StoreUnavailable)) throw error
      }
    })
      .catch(error => this.#options.logger.error(describeFailure(error), 'claims could not be returned'))
      .finally(() => this.#returning.delete(returning))
    this.#returning.add(returning)
  }

  async #find(ids: readonly string[]): Promise<Map<string, Task>> {
    const text = 'SELECT document FROM tasks WHERE id = ANY ($1)'
    const rows = await this.#database.read<TaskRow>(text, [ids])
    return new Map(rows.map(({ document }) => [document.id, document]))
  }

  async #checkForWaiting(
    checks: { waitsForLocks: boolean }[],
    except: readonly string[],
    deadline: number,
  ): Promise<boolean[]> {
    const lock = checks.some(({ waitsForLocks }) => waitsForLocks) ? 'FOR UPDATE' : ''
    const text = `SELECT 1 FROM tasks WHERE ${waitingExcept(except)} ORDER BY turn, urgency, id LIMIT $1 ${lock}`
    const found = await this.#database.readLatest(text, [1, ...listed(except)], deadline)
    return checks.map(() => found.length > 0)
  }

  #announce(change: TaskChange): void {
    for (const listener of this.#listeners) listener(change)
  }

  /** A failure is harmless: the tables only grow. An outage of PostgreSQL is logged elsewhere. */
  #maintainEvery(intervalMs: number, maintain: () => Promise<void>): Promise<void> {
    return repeat(intervalMs, this.#closing.signal, () =>
      maintain().catch(error => {
        const level = error instanceof StoreUnavailable ? 'debug' : 'warn'
        this.#options.logger[level](describeFailure(error), 'old rows could not be deleted')
      }),
    )
  }
}
