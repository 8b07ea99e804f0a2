import {
  abilitiesBeyond,
  allAbilities,
  type NewTask,
  type NoticeClaim,
  type Task,
  type TaskState,
  type TaskStats,
} from '@darkroom/contracts'
import type { QueryResultRow } from 'pg'
import type { Outcome } from '../../event-outcome.ts'
import type { TaskEvent } from '../../transitions.ts'
import type { ChangeListener, MinuteCount, OwnedKey, TaskQuery, TaskStore } from '../engine.ts'
import type { Batches } from './batches.ts'
import { Changes } from './changes.ts'
import { ClaimBatches } from './claim-batches.ts'
import type { ConnectionOptions } from './connection.ts'
import { type Creation, createTasks, restoreTasks } from './creations.ts'
import { Database } from './database.ts'
import { applyEvents, deleteTasks } from './events.ts'
import { anyExpired, anyTooLong, cutLeases, expireLeases } from './leases.ts'
import { maintain } from './maintenance.ts'
import { addCounts } from './minute-counts.ts'
import { claimNotices, dueNotices } from './notices.ts'
import type { Statement } from './statement.ts'
import { findTasks, keyColumn, selectPage, type TaskRow } from './task-rows.ts'
import { UnconfirmedClaims } from './unconfirmed-claims.ts'

export interface PostgresOptions extends ConnectionOptions {
  /** Default: the database's own time, which is the same for all copies of the service. */
  now?: (() => Date) | undefined
}

/** Leases taken back in one transaction, so that it stays short. */
const expiryBatch = 500
/** Much shorter than a lease. */
const expiryRetryMs = 1000

/** Tasks in PostgreSQL. Any number of copies of the service may share one database. */
export class PostgresTaskStore implements TaskStore {
  readonly #options: PostgresOptions
  readonly #database: Database
  readonly #changes: Changes
  readonly #closing = new AbortController()
  readonly #maintaining: Promise<void>
  readonly #creations: Batches<Creation, { isNew: boolean; task: Task }>
  readonly #events: Batches<{ id: string; event: TaskEvent }, Outcome | undefined>
  readonly #deletions: Batches<string, boolean>
  readonly #unconfirmed: UnconfirmedClaims
  /** By the missing abilities. */
  readonly #claims = new Map<string, ClaimBatches>()
  #closed: Promise<void> | undefined

  private constructor(options: PostgresOptions, database: Database) {
    this.#options = options
    this.#database = database
    const { signal } = this.#closing
    const changes = new Changes(database, options)
    this.#changes = changes
    this.#unconfirmed = new UnconfirmedClaims(changes, options.logger, signal)
    this.#creations = changes.inBatches((given, deadline) => changes.make(createTasks(given), deadline))
    this.#events = changes.inBatches((events, deadline) => changes.make(applyEvents(events), deadline))
    this.#deletions = changes.inBatches((ids, deadline) => changes.make(deleteTasks(ids), deadline))
    this.#maintaining = maintain(database, options.logger, signal)
  }

  /** @throws StoreMisconfigured; if PostgreSQL doesn't answer, the store waits for it */
  static async open(options: PostgresOptions): Promise<PostgresTaskStore> {
    return new PostgresTaskStore(options, await Database.open(options))
  }

  create(id: string, given: NewTask) {
    return this.#creations.add({ id, given })
  }

  async get(id: string) {
    return (await findTasks(this.#database, [id])).get(id)
  }

  async findByKey({ owner = '', idempotencyKey }: OwnedKey) {
    const text =
      'SELECT document FROM tasks WHERE idempotency_key = $1 AND idempotency_key IS NOT NULL AND owner = $2'
    const [row] = await this.#database.read<TaskRow>({ text, values: [keyColumn(idempotencyKey), owner] })
    return row?.document
  }

  async list(query: TaskQuery) {
    const tasks = (await this.#database.read<TaskRow>(selectPage(query))).map(({ document }) => document)
    const last = tasks[query.limit - 1]
    return { tasks, ...(last && { next: last.id }) }
  }

  claim(worker: string, leaseMs: number, decodes = allAbilities) {
    return this.#claimsExcept(abilitiesBeyond(decodes)).claim({ worker, leaseMs })
  }

  async claimNotices(claim: NoticeClaim) {
    const now = this.#options.now?.()
    // Most polls find nothing; they need no transaction.
    if (!(await this.#hasAny(dueNotices({ ...claim, limit: 1 }, now)))) return []
    return changedTasks(await this.#changes.make(claimNotices(claim, now)))
  }

  apply(id: string, event: TaskEvent) {
    if (event.type !== 'claim') return this.#events.add({ id, event })
    return this.#claimsExcept(abilitiesBeyond(event.decodes ?? [])).claimGiven(id, event)
  }

  async restore(tasks: readonly Task[]) {
    const areNew = await this.#changes.make(restoreTasks(tasks))
    return areNew.filter(Boolean).length
  }

  /**
   * Asks the server that accepts writes, and soon gives up, so that an outage becomes an error before leases expire. A
   * standby would answer that no lease has expired yet. A change that is retried for long would take back the leases right
   * after the outage, before their holders can renew them.
   */
  async expireLeases() {
    const now = this.#options.now?.()
    const deadline = performance.now() + expiryRetryMs
    const hasAny = async (statement: Statement) =>
      (await this.#database.readLatest(statement, deadline)).length > 0
    if (await hasAny(anyTooLong(now))) await this.#changes.make(cutLeases(expiryBatch, now), deadline)
    if (!(await hasAny(anyExpired(now)))) return []
    return changedTasks(await this.#changes.make(expireLeases(expiryBatch, now), deadline))
  }

  delete(id: string) {
    return this.#deletions.add(id)
  }

  async findUnknown(ids: readonly string[]) {
    const possible = ids.filter(id => !id.includes('\0')) // PostgreSQL's texts can't contain it
    const text = 'SELECT id FROM tasks WHERE id = ANY ($1)'
    const rows = await this.#database.read<{ id: string }>({ text, values: [possible] })
    const known = new Set(rows.map(({ id }) => id))
    return ids.filter(id => !known.has(id))
  }

  async nextNoticeAt() {
    const next = (isSlow: boolean) => `(SELECT document FROM tasks
      WHERE notice_is_slow = ${isSlow} AND notice_due_at IS NOT NULL ORDER BY notice_due_at LIMIT 1)`
    const rows = await this.#database.read<TaskRow>({ text: `${next(false)} UNION ALL ${next(true)}` })
    return rows.flatMap(({ document }) => document.callback?.dueAt ?? []).sort()[0]
  }

  async stats() {
    const [row] = await this.#database.read<{
      counts: Partial<Record<TaskState, number>> | null
      oldest: Task | null
    }>({
      text: `SELECT
        (SELECT json_object_agg(state, tasks)
          FROM (SELECT state, sum(tasks) AS tasks FROM counts GROUP BY state) AS sums) AS counts,
        (SELECT document FROM tasks WHERE state = 'not-started' ORDER BY id LIMIT 1) AS oldest`,
    })
    const none: TaskStats = { 'not-started': 0, 'in-progress': 0, finished: 0, failed: 0 }
    return { ...none, ...row?.counts, ...(row?.oldest && { oldestNotStartedAt: row.oldest.createdAt }) }
  }

  async addCounts(counts: readonly MinuteCount[], forgetBefore: number) {
    await this.#changes.make(addCounts(counts, forgetBefore))
  }

  async listCounts(sinceMinute: number) {
    const text = 'SELECT minute, name, count::double precision FROM minute_counts WHERE minute >= $1'
    return this.#database.read<MinuteCount & QueryResultRow>({ text, values: [sinceMinute] })
  }

  async countWaiting(owner: string) {
    const text = `SELECT count(*)::integer AS count FROM tasks
      WHERE owner <> '' AND owner = $1 AND state = 'not-started'`
    const [row] = await this.#database.read<{ count: number }>({ text, values: [owner] })
    return row?.count ?? 0
  }

  checkReady() {
    return this.#database.checkAcceptsWrites()
  }

  onChange(listener: ChangeListener) {
    return this.#changes.onChange(listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    const batches = [...this.#claims.values(), this.#creations, this.#events, this.#deletions]
    await Promise.all([...batches.map(each => each.ended()), this.#maintaining])
    await this.#unconfirmed.ended()
    await this.#changes.close()
    await this.#database.close()
  }

  #claimsExcept(abilities: readonly string[]): ClaimBatches {
    const key = abilities.join()
    const known = this.#claims.get(key)
    if (known) return known
    const dependencies = { database: this.#database, changes: this.#changes, unconfirmed: this.#unconfirmed }
    const claims = new ClaimBatches(dependencies, abilities)
    this.#claims.set(key, claims)
    return claims
  }

  async #hasAny(statement: Statement): Promise<boolean> {
    return (await this.#database.read(statement)).length > 0
  }
}

function changedTasks(outcomes: readonly (Outcome | undefined)[]): Task[] {
  return outcomes.flatMap(outcome => (outcome?.kind === 'changed' ? [outcome.task] : []))
}
