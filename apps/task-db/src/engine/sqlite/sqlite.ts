import type { DatabaseSync } from 'node:sqlite'
import { allAbilities, type NewTask, type NoticeClaim, type Task, type TaskStats } from '@darkroom/contracts'
import { type Clock, diskFailed, diskFull, diskRefused, SteadyTime, systemClock } from '@darkroom/service-kit'
import { GroupCommit, lockFile, openDatabase } from '@darkroom/sqlite'
import type { Outcome } from '../../event-outcome.ts'
import { keyIsTaken } from '../../migration-incomplete.ts'
import { beginTask, type ClaimEvent, cutLease, type TaskEvent, transition } from '../../transitions.ts'
import type { ChangeListener, MinuteCount, OwnedKey, TaskChange, TaskQuery, TaskStore } from '../engine.ts'
import { isNewer } from '../is-newer.ts'
import { migrations } from './migrations.ts'
import { selectPage } from './select-page.ts'
import { parse, prepareStatements, read } from './statements.ts'
import { WaitingTasks } from './waiting-tasks.ts'

/** The maximum number of leases taken back in one transaction, so that it stays short. */
const expiryBatch = 500

/** Tasks in a file, which belongs to one process at a time. */
export class SqliteTaskStore implements TaskStore {
  readonly #lock: Disposable
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #clock: Pick<Clock, 'now'>
  /** The time by which leases end. A clock that is set back or forward neither lengthens nor ends leases. */
  readonly #leaseTime: SteadyTime
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #waiting: WaitingTasks
  readonly #listeners = new Set<ChangeListener>()
  readonly #newTaskListeners = new Set<() => void>()

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
    this.#waiting = new WaitingTasks(this.#statements)
    this.#clock = clock
    this.#leaseTime = new SteadyTime(clock)
    this.#cutLeases()
    opened.move()
  }

  async create(id: string, given: NewTask) {
    const result = await this.#writes.run(() => {
      const task = beginTask(id, given, this.#now(), this.#waiting.turnFor(given))
      const { changes } = this.#statements.insertNew.run(id, JSON.stringify(task))
      if (changes > 0) {
        for (const listener of this.#newTaskListeners) listener()
        return { isNew: true, task }
      }
      const known = read(this.#statements.get, id) ?? this.#findWithKeyOf(given)
      if (!known) throw new Error(`the task ${id} is neither new nor known`)
      return { isNew: false, task: known }
    })
    if (result.isNew) this.#announce({ kind: 'stored', task: result.task })
    return result
  }

  async get(id: string) {
    return read(this.#statements.get, id)
  }

  async findByKey({ owner = '', idempotencyKey }: OwnedKey) {
    return read(this.#statements.getByKey, owner, idempotencyKey)
  }

  async list(query: TaskQuery) {
    const { text, values } = selectPage(query)
    const tasks = this.#database
      .prepare(text)
      .all(...values)
      .map(row => parse(row.document))
    const last = tasks[query.limit - 1]
    return { tasks, ...(last && { next: last.id }) }
  }

  async claim(worker: string, leaseMs: number, decodes = allAbilities) {
    // Most polls find nothing; they need no transaction.
    if (!this.#waiting.hasAny(decodes)) return undefined
    const task = await this.#writes.run(() => {
      const next = this.#waiting.next(decodes)
      if (!next) return undefined
      const outcome = this.#claimInTurnOf(next, { type: 'claim', worker, leaseMs, decodes })
      if (outcome.kind !== 'changed') throw new Error(`the claim of a waiting task was refused: ${next.id}`)
      return outcome.task
    })
    if (task) this.#announce({ kind: 'stored', task })
    return task
  }

  async claimNotices({ isSlow, limit, leaseMs, exceptHosts = [], onlyHosts }: NoticeClaim) {
    const now = new Date(this.#leaseTime.now()).toISOString()
    const hosts = [JSON.stringify(exceptHosts), onlyHosts ? JSON.stringify(onlyHosts) : null]
    const find = (count: number) => this.#statements.dueNotices.all(Number(isSlow), now, ...hosts, count)
    if (find(1).length === 0) return []
    return this.#writes.run(() =>
      find(limit)
        .map(row => this.#change(parse(row.document), { type: 'claim-notice', leaseMs }))
        .flatMap(outcome => (outcome.kind === 'changed' ? [outcome.task] : [])),
    )
  }

  async apply(id: string, event: TaskEvent) {
    const outcome = await this.#writes.run(() => {
      const task = read(this.#statements.get, id)
      if (!task) return undefined
      if (event.type === 'claim') return this.#claimInTurnOf(task, event)
      const turn = event.type === 'retry' ? this.#waiting.turnFor(task) : undefined
      return this.#change(task, { ...event, ...(turn !== undefined && { turn }) })
    })
    if (outcome?.kind === 'changed') this.#announce({ kind: 'stored', task: outcome.task })
    return outcome
  }

  async restore(tasks: readonly Task[]) {
    return this.#writes.run(
      () =>
        tasks.filter(task => {
          const known = read(this.#statements.get, task.id)
          const isStored = !known || isNewer(task, known)
          if (!known) this.#insertRestored(task)
          else if (isStored) this.#statements.update.run(JSON.stringify(task), task.id)
          return isStored
        }).length,
    )
  }

  async expireLeases() {
    const now = new Date(this.#leaseTime.now()).toISOString()
    if (!this.#statements.expired.get(now, 1)) return []
    const tasks = await this.#writes.run(() =>
      this.#statements.expired
        .all(now, expiryBatch)
        .map(row => this.#change(parse(row.document), { type: 'expire' }))
        .flatMap(outcome => (outcome.kind === 'changed' ? [outcome.task] : [])),
    )
    for (const task of tasks) this.#announce({ kind: 'stored', task })
    return tasks
  }

  async delete(id: string) {
    const { changes } = await this.#writes.run(() => this.#statements.delete.run(id), { makesRoom: true })
    if (changes > 0) this.#announce({ kind: 'deleted', id })
    return changes > 0
  }

  async findUnknown(ids: readonly string[]) {
    return this.#statements.unknown.all(JSON.stringify(ids)).map(row => String(row.id))
  }

  async nextNoticeAt() {
    const rows = [0, 1].map(isSlow => this.#statements.nextNotice.get(isSlow))
    return rows.flatMap(row => (row ? [String(row.notice_due_at)] : [])).sort()[0]
  }

  async stats() {
    const counts = this.#statements.counts.all().map(row => [row.state, row.tasks])
    const oldest = read(this.#statements.oldestWaiting)
    const stats = Object.fromEntries(counts) as TaskStats
    return { ...stats, ...(oldest && { oldestNotStartedAt: oldest.createdAt }) }
  }

  async addCounts(counts: readonly MinuteCount[], forgetBefore: number) {
    await this.#writes.run(() => {
      for (const { minute, name, count } of counts) this.#statements.addCount.run(minute, name, count)
      this.#statements.forgetCounts.run(forgetBefore)
    })
  }

  async listCounts(sinceMinute: number) {
    return this.#statements.minuteCounts.all(sinceMinute).map(({ minute, name, count }) => ({
      minute: Number(minute),
      name: String(name),
      count: Number(count),
    }))
  }

  async countWaiting(owner: string) {
    return Number(this.#statements.waitingOf.get(owner)?.count)
  }

  async checkReady() {
    await this.#writes.checkReady()
    await this.stats()
  }

  onChange(listener: ChangeListener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onNewTask(listener: () => void) {
    this.#newTaskListeners.add(listener)
    return () => this.#newTaskListeners.delete(listener)
  }

  async close() {
    if (!this.#database.isOpen) return
    await this.#writes.close()
    this.#lock[Symbol.dispose]()
  }

  #claimInTurnOf(due: Task, event: ClaimEvent): Outcome {
    const { claimed, deferred } = this.#waiting.exchange(due, event.decodes)
    for (const task of deferred) this.#statements.update.run(JSON.stringify(task), task.id)
    return this.#change(claimed[0] ?? due, event)
  }

  #insertRestored(task: Task): void {
    const other = this.#findWithKeyOf(task)
    if (other) throw keyIsTaken(task.id, other.id)
    this.#statements.insert.run(task.id, JSON.stringify(task))
  }

  #findWithKeyOf({ owner = '', idempotencyKey }: Pick<Task, 'owner' | 'idempotencyKey'>): Task | undefined {
    return idempotencyKey === undefined ? undefined : read(this.#statements.getByKey, owner, idempotencyKey)
  }

  #change(task: Task, event: TaskEvent): Outcome {
    const outcome = transition(task, event, this.#now(), new Date(this.#leaseTime.now()))
    if (outcome.kind === 'changed') this.#statements.update.run(JSON.stringify(outcome.task), task.id)
    return outcome
  }

  /** The clock may have been set back since the store was closed. */
  #cutLeases(): void {
    for (const { document } of this.#statements.leased.all()) {
      const task = parse(document)
      const event = cutLease(task, new Date(this.#leaseTime.now()))
      if (event) this.#change(task, event)
    }
  }

  #now(): Date {
    return new Date(this.#clock.now())
  }

  #announce(change: TaskChange) {
    for (const listener of this.#listeners) listener(change)
  }
}
