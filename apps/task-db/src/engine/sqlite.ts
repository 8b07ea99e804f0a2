import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  abilitiesBeyond,
  allAbilities,
  defaultUrgency,
  type NewTask,
  type NoticeClaim,
  type Task,
  type TaskStats,
  variantsAbility,
} from '@darkroom/contracts'
import { type Clock, SteadyTime, systemClock } from '@darkroom/service-kit'
import { GroupCommit, lockFile, type Migrations, openDatabase } from '@darkroom/sqlite'
import type { Outcome } from '../event-outcome.ts'
import { keyIsTaken } from '../migration-incomplete.ts'
import { beginTask, cutLease, type TaskEvent, transition } from '../transitions.ts'
import { nextTurn } from '../turns.ts'
import type { ChangeListener, MinuteCount, TaskChange, TaskQuery, TaskStore } from './engine.ts'
import { isNewer } from './is-newer.ts'

const migrations: Migrations = [
  // The task itself is a JSON document; what is searched by stands beside it as generated columns.
  `
  CREATE TABLE tasks (
    id TEXT PRIMARY KEY,
    document TEXT NOT NULL,
    state TEXT NOT NULL AS (document ->> 'state'),
    finished_at TEXT AS (document ->> 'finishedAt'),
    lease_expires_at TEXT AS (document ->> '$.lease.expiresAt'),
    idempotency_key TEXT AS (document ->> 'idempotencyKey')
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tasks_by_state ON tasks (state, id);
  CREATE INDEX tasks_by_end ON tasks (finished_at) WHERE finished_at IS NOT NULL;
  CREATE INDEX tasks_by_lease ON tasks (lease_expires_at) WHERE lease_expires_at IS NOT NULL;
  CREATE UNIQUE INDEX tasks_by_idempotency_key ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL;

  -- Counting the rows of a state would read them all.
  CREATE TABLE counts (state TEXT PRIMARY KEY, tasks INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO counts VALUES ('not-started', 0), ('in-progress', 0), ('finished', 0), ('failed', 0);
  CREATE TRIGGER count_created AFTER INSERT ON tasks BEGIN
    UPDATE counts SET tasks = tasks + 1 WHERE state = new.state;
  END;
  CREATE TRIGGER count_changed AFTER UPDATE ON tasks WHEN old.state <> new.state BEGIN
    UPDATE counts SET tasks = tasks - 1 WHERE state = old.state;
    UPDATE counts SET tasks = tasks + 1 WHERE state = new.state;
  END;
  CREATE TRIGGER count_deleted AFTER DELETE ON tasks BEGIN
    UPDATE counts SET tasks = tasks - 1 WHERE state = old.state;
  END;
  `,
  `
  UPDATE tasks SET document = json_set(document, '$.urgency', 3);
  ALTER TABLE tasks ADD COLUMN urgency INTEGER AS (document ->> 'urgency');
  CREATE INDEX tasks_by_urgency ON tasks (urgency, id) WHERE state = 'not-started';
  `,
  `
  -- Empty: the operators'. Listings by owner never ask for these, so tasks without an owner cost no index.
  ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL AS (coalesce(document ->> 'owner', ''));
  DROP INDEX tasks_by_idempotency_key;
  CREATE UNIQUE INDEX tasks_by_idempotency_key ON tasks (owner, idempotency_key) WHERE idempotency_key IS NOT NULL;
  CREATE INDEX tasks_by_owner ON tasks (owner, id) WHERE owner <> '';
  CREATE INDEX tasks_by_owner_and_state ON tasks (owner, state, id) WHERE owner <> '';
  `,
  `
  CREATE TABLE minute_counts (minute INTEGER, name TEXT, count INTEGER NOT NULL, PRIMARY KEY (minute, name))
    STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE tasks ADD COLUMN notice_due_at TEXT AS (document ->> '$.callback.dueAt');
  ALTER TABLE tasks ADD COLUMN notice_is_slow INTEGER AS (document ->> '$.callback.isSlow');
  ALTER TABLE tasks ADD COLUMN notice_host TEXT AS (document ->> '$.callback.host');
  CREATE INDEX tasks_by_notice ON tasks (notice_is_slow, notice_due_at, notice_host) WHERE notice_due_at IS NOT NULL;
  `,
  `
  -- Tasks without an owner have no turn: they are first, and cost no index.
  ALTER TABLE tasks ADD COLUMN turn INTEGER NOT NULL AS (coalesce(document ->> 'turn', 0));
  DROP INDEX tasks_by_urgency;
  CREATE INDEX tasks_by_turn ON tasks (urgency, turn, id) WHERE state = 'not-started';
  CREATE INDEX tasks_by_turn_of_owner ON tasks (owner, urgency, turn) WHERE state = 'not-started' AND owner <> '';
  `,
]

/** At most so many leases are taken back in one transaction, so that it stays short. */
const expiryBatch = 500

/** Tasks in a file, which belongs to one process at a time. */
export class SqliteTaskStore implements TaskStore {
  readonly #lock: Disposable
  readonly #database: DatabaseSync
  readonly #writes: GroupCommit
  readonly #clock: Pick<Clock, 'now'>
  /** By which leases end: a clock that is set back or forward neither lengthens nor ends them. */
  readonly #leaseTime: SteadyTime
  readonly #statements: ReturnType<typeof prepareStatements>
  readonly #listeners = new Set<ChangeListener>()

  /** @throws UnusableFile */
  constructor({ path, clock = systemClock }: { path: string; clock?: Clock }) {
    using opened = new DisposableStack()
    this.#lock = opened.use(lockFile(path))
    this.#database = openDatabase(path, migrations)
    this.#writes = new GroupCommit(this.#database)
    this.#statements = prepareStatements(this.#database)
    this.#clock = clock
    this.#leaseTime = new SteadyTime(clock)
    this.#cutLeases()
    opened.move()
  }

  async create(id: string, given: NewTask) {
    const result = await this.#writes.run(() => {
      const known = read(this.#statements.get, id) ?? this.#findByKey(given)
      if (known) return { isNew: false, task: known }
      const task = beginTask(id, given, this.#now(), this.#turnOf(given))
      this.#statements.insert.run(id, JSON.stringify(task))
      return { isNew: true, task }
    })
    if (result.isNew) this.#announce({ kind: 'stored', task: result.task })
    return result
  }

  async get(id: string) {
    return read(this.#statements.get, id)
  }

  async list({ owner, state, endedBefore, leastId, limit, cursor }: TaskQuery) {
    // SQLite uses the indexes of owners only where the query says, as they do, that there is one.
    const filters: [string, string | undefined][] = [
      ["owner <> '' AND owner =", owner],
      ['state =', state],
      ['finished_at <', endedBefore?.toISOString()],
      ['id >=', leastId],
      ['id <', cursor],
    ]
    const given = filters.filter((filter): filter is [string, string] => !!filter[1])
    const where = given.map(([comparison]) => `${comparison} ?`).join(' AND ')
    const rows = this.#database
      // With `+`, SQLite sorts what the index of ends finds, instead of reading all tasks in their order.
      .prepare(
        `SELECT document FROM tasks ${where && `WHERE ${where}`} ORDER BY ${endedBefore ? '+id' : 'id'} DESC LIMIT ?`,
      )
      .all(...given.map(([, value]) => value), limit)
    const tasks = rows.map(row => parse(row.document))
    const last = tasks[limit - 1]
    return { tasks, ...(last && { next: last.id }) }
  }

  async claim(worker: string, leaseMs: number, decodes = allAbilities) {
    const beyond = abilitiesBeyond(decodes)
    const readNext = () =>
      beyond.length === 0
        ? read(this.#statements.next)
        : read(this.#statements.nextExcept, JSON.stringify(beyond))
    // Most polls find nothing; they need no transaction.
    if (!readNext()) return undefined
    const task = await this.#writes.run(() => {
      const next = readNext()
      if (!next) return undefined
      const outcome = this.#change(next, { type: 'claim', worker, leaseMs })
      if (outcome.kind !== 'changed') throw new Error(`a waiting task refused a claim: ${next.id}`)
      return outcome.task
    })
    if (task) this.#announce({ kind: 'stored', task })
    return task
  }

  async claimNotices({ isSlow, limit, leaseMs, exceptHosts = [] }: NoticeClaim) {
    const now = new Date(this.#leaseTime.now()).toISOString()
    const find = (count: number) =>
      this.#statements.dueNotices.all(Number(isSlow), now, JSON.stringify(exceptHosts), count)
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
      return task && this.#change(task, event.type === 'retry' ? { ...event, ...this.#newTurn(task) } : event)
    })
    if (outcome?.kind === 'changed') this.#announce({ kind: 'stored', task: outcome.task })
    return outcome
  }

  async restore(tasks: readonly Task[]) {
    return this.#writes.run(
      () =>
        tasks.filter(task => {
          const known = read(this.#statements.get, task.id)
          const isNews = !known || isNewer(task, known)
          if (!known) this.#insertRestored(task)
          else if (isNews) this.#statements.update.run(JSON.stringify(task), task.id)
          return isNews
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
    const { changes } = await this.#writes.run(() => this.#statements.delete.run(id))
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
    await this.stats()
  }

  onChange(listener: ChangeListener) {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async close() {
    if (!this.#database.isOpen) return
    await this.#writes.close()
    this.#lock[Symbol.dispose]()
  }

  /** Undefined for a task without an owner. */
  #turnOf({ owner, urgency = defaultUrgency }: Pick<NewTask, 'owner' | 'urgency'>): number | undefined {
    if (owner === undefined) return undefined
    const turn = (row: Record<string, unknown> | undefined) => (row ? Number(row.turn) : undefined)
    const head = turn(this.#statements.headTurn.get(urgency))
    return nextTurn({ head, last: turn(this.#statements.lastTurn.get(owner, urgency)) })
  }

  #newTurn(task: Task): { turn?: number } {
    const turn = this.#turnOf(task)
    return turn === undefined ? {} : { turn }
  }

  #insertRestored(task: Task): void {
    const other = this.#findByKey(task)
    if (other) throw keyIsTaken(task.id, other.id)
    this.#statements.insert.run(task.id, JSON.stringify(task))
  }

  #findByKey({ owner = '', idempotencyKey }: Pick<Task, 'owner' | 'idempotencyKey'>): Task | undefined {
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

function prepareStatements(database: DatabaseSync) {
  const prepare = (sql: string) => database.prepare(sql)
  return {
    get: prepare('SELECT document FROM tasks WHERE id = ?'),
    getByKey: prepare('SELECT document FROM tasks WHERE owner = ? AND idempotency_key = ?'),
    insert: prepare('INSERT INTO tasks (id, document) VALUES (?, ?)'),
    update: prepare('UPDATE tasks SET document = ? WHERE id = ?'),
    delete: prepare('DELETE FROM tasks WHERE id = ?'),
    // Left alone, SQLite would read all that wait by their state, and sort them.
    next: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_turn
       WHERE state = 'not-started' ORDER BY urgency, turn, id LIMIT 1`,
    ),
    nextExcept: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_turn
       WHERE state = 'not-started'
         AND document ->> '$.original.contentType' NOT IN (SELECT value FROM json_each(?1))
         AND (document -> '$.variants' IS NULL
           OR '${variantsAbility}' NOT IN (SELECT value FROM json_each(?1)))
       ORDER BY urgency, turn, id LIMIT 1`,
    ),
    headTurn: prepare(
      `SELECT turn FROM tasks INDEXED BY tasks_by_turn
       WHERE state = 'not-started' AND urgency = ? ORDER BY turn LIMIT 1`,
    ),
    lastTurn: prepare(
      `SELECT turn FROM tasks INDEXED BY tasks_by_turn_of_owner
       WHERE state = 'not-started' AND owner <> '' AND owner = ? AND urgency = ? ORDER BY turn DESC LIMIT 1`,
    ),
    nextNotice: prepare(
      `SELECT notice_due_at FROM tasks INDEXED BY tasks_by_notice
       WHERE notice_is_slow = ? AND notice_due_at IS NOT NULL ORDER BY notice_due_at LIMIT 1`,
    ),
    oldestWaiting: prepare("SELECT document FROM tasks WHERE state = 'not-started' ORDER BY id LIMIT 1"),
    expired: prepare(
      'SELECT document FROM tasks WHERE lease_expires_at < ? ORDER BY lease_expires_at LIMIT ?',
    ),
    dueNotices: prepare(
      `SELECT document FROM tasks INDEXED BY tasks_by_notice
       WHERE notice_is_slow = ? AND notice_due_at <= ? AND notice_host NOT IN (SELECT value FROM json_each(?))
       ORDER BY notice_due_at LIMIT ?`,
    ),
    leased: prepare('SELECT document FROM tasks WHERE lease_expires_at IS NOT NULL'),
    unknown: prepare(
      'SELECT value AS id FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM tasks WHERE tasks.id = value)',
    ),
    counts: prepare('SELECT state, tasks FROM counts'),
    addCount: prepare(
      'INSERT INTO minute_counts VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count',
    ),
    forgetCounts: prepare('DELETE FROM minute_counts WHERE minute < ?'),
    minuteCounts: prepare('SELECT minute, name, count FROM minute_counts WHERE minute >= ?'),
    waitingOf: prepare(
      "SELECT count(*) AS count FROM tasks WHERE owner <> '' AND owner = ? AND state = 'not-started'",
    ),
  }
}

function read(statement: StatementSync, ...parameters: string[]): Task | undefined {
  const row = statement.get(...parameters)
  return row && parse(row.document)
}

function parse(document: unknown): Task {
  return JSON.parse(String(document)) as Task
}
