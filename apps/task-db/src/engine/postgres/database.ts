import { Backoff, OutcomeUnknown, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import { DatabaseError, type Pool, type QueryResultRow } from 'pg'
import { type ConnectionOptions, endConnection } from './connection.ts'
import { warnOfRisks } from './durability.ts'
import { askServer, ConnectionLost, describeFailure, failureKind } from './failures.ts'
import { migrate } from './migrations.ts'
import { Servers } from './servers.ts'
import { attemptChange, type Change, type Doubt } from './transaction.ts'

/** SQLSTATE */
const invalidParameterValue = '22023'

const lateness = new Error('PostgreSQL stands still, or another copy has not ended its migrations')

/** The connection was lost while a change was committed, and no server said in time whether it has happened. */
export class CommitUnknown extends OutcomeUnknown {
  /** Of the change, if it has happened. */
  readonly result: unknown

  constructor(result: unknown, cause: unknown) {
    super(noAnswer, { cause })
    this.result = result
  }
}

const noAnswer = 'PostgreSQL does not answer'

function unavailable(cause: unknown): StoreUnavailable {
  return new StoreUnavailable(noAnswer, { cause })
}

/**
 * Transactions that end in a known way. What fails because of others, or because PostgreSQL went away, is done
 * again as long as patience lasts. When the connection is lost during the commit, nobody has heard whether that
 * happened: then the server is asked what became of the transaction's id, as soon as it answers again.
 */
export class Database {
  readonly servers: Servers
  readonly #options: ConnectionOptions
  readonly #closing = new AbortController()
  /** Why it can't be used yet; undefined once it can. */
  #obstacle: unknown = new Error('PostgreSQL has not answered yet')
  #preparing: Promise<void> | undefined

  private constructor(options: ConnectionOptions) {
    this.#options = options
    this.servers = new Servers(options)
  }

  /**
   * Opens it, and brings its schema up to date. While PostgreSQL doesn't answer, that is tried again in the
   * background, and what is asked for meanwhile waits for it.
   *
   * @throws StoreMisconfigured where PostgreSQL answers, and waiting wouldn't help
   */
  static async open(options: ConnectionOptions): Promise<Database> {
    const database = new Database(options)
    const { promise: isLate, resolve } = Promise.withResolvers<false>()
    const first = database.#prepare(() => resolve(false))
    if (await Promise.race([first, isLate])) return database
    if (['unavailable', 'elsewhere'].includes(failureKind(database.#obstacle))) {
      database.#preparing = database.#prepareOnceItAnswers(first)
      return database
    }
    await database.close()
    const { reason } = describeFailure(database.#obstacle)
    throw new StoreMisconfigured(`PostgreSQL can't be used: ${reason}`, { cause: database.#obstacle })
  }

  /** For how long something that is asked for now is worth trying, by `performance.now()`. */
  deadline(): number {
    return performance.now() + this.#options.timeoutMs
  }

  /** The rows that a query finds, on any server. @throws StoreUnavailable */
  read<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    deadline = this.deadline(),
  ): Promise<Row[]> {
    return this.#query(text, values, deadline, 'forReads')
  }

  /** The same on the server that takes writes: what it finds is not older than what was written. */
  readLatest<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    deadline = this.deadline(),
  ): Promise<Row[]> {
    return this.#query(text, values, deadline, 'forWrites')
  }

  /** The rows of a statement that writes, and has the same effect when it is done twice. @throws StoreUnavailable */
  write<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    deadline = this.deadline(),
  ): Promise<Row[]> {
    return this.#query(text, values, deadline, 'forWrites')
  }

  /** The result of the decision, once it is on disk. @throws StoreUnavailable; CommitUnknown if it may have happened */
  change<Row extends QueryResultRow, Result>(
    change: Change<Row, Result>,
    deadline = this.deadline(),
  ): Promise<Result> {
    return this.#persist(deadline, 'forWrites', pool => this.#attempt(pool, change, deadline))
  }

  /** Does what a claim begins with, and changes nothing. @throws StoreUnavailable while no server takes writes */
  async checkTakesWrites(): Promise<void> {
    const look = { text: 'SELECT 1 FROM tasks WHERE false FOR UPDATE', values: [] }
    await this.change({ look, decide: () => ({ writes: [], result: undefined }) })
  }

  /** Idempotent. What is under way ends first. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    await this.#preparing
    await this.servers.close()
  }

  async #query<Row extends QueryResultRow>(
    text: string,
    values: readonly unknown[],
    deadline: number,
    purpose: 'forReads' | 'forWrites',
  ): Promise<Row[]> {
    const attempt = (pool: Pool) => askServer(pool.query<Row>(text, [...values]))
    return (await this.#persist(deadline, purpose, attempt)).rows
  }

  async #persist<Result>(
    deadline: number,
    purpose: 'forReads' | 'forWrites',
    attempt: (pool: Pool) => Promise<Result>,
  ): Promise<Result> {
    const backoff = new Backoff(20, 300)
    for (;;) {
      let failure = this.#obstacle
      if (failure === undefined) {
        try {
          return await this.#try(purpose, attempt)
        } catch (error) {
          if (failureKind(error) === 'fault') throw error
          failure = error
        }
      }
      if (performance.now() >= deadline) throw unavailable(failure)
      await backoff.wait()
    }
  }

  async #try<Result>(purpose: 'forReads' | 'forWrites', attempt: (pool: Pool) => Promise<Result>) {
    // It has been found before, so whatever keeps it from being found now is an outage.
    const server = await this.servers[purpose]().catch(error => {
      throw new ConnectionLost(error)
    })
    try {
      return await attempt(server.pool)
    } catch (error) {
      this.servers.doubt(server, error)
      throw error
    }
  }

  async #attempt<Row extends QueryResultRow, Result>(
    pool: Pool,
    change: Change<Row, Result>,
    deadline: number,
  ) {
    const { result, doubt } = await attemptChange(pool, change)
    if (!doubt) return result
    const hasCommitted = await this.#hasCommitted(doubt, deadline).catch(error => {
      throw error instanceof StoreUnavailable ? new CommitUnknown(result, error.cause) : error
    })
    if (!hasCommitted) throw doubt.error
    return result
  }

  /**
   * What became of a transaction. After a crash the server gives out again the ids of transactions that it lost: who
   * has committed under the id has to have left the mark as well. Writing to the mark waits until whatever stands
   * before it has reached the synchronous standby: a primary that was killed while it waited for that shows the
   * transaction as committed, though a failover would lose it.
   *
   * @throws StoreUnavailable when the server didn't say in time
   */
  async #hasCommitted({ transactionId, mark }: Doubt, deadline: number): Promise<boolean> {
    const backoff = new Backoff(10, 300)
    for (;;) {
      const status = await this.#statusOf(transactionId, deadline)
      if (status === 'aborted') return false
      if (status === 'committed') {
        const touch = 'UPDATE commits SET at = now() WHERE mark = $1 RETURNING 1'
        const marks = await this.write(touch, [mark], deadline)
        return marks.length > 0
      }
      const doubt = new Error(`transaction ${transactionId} is ${status}`)
      if (performance.now() >= deadline) throw unavailable(doubt)
      await backoff.wait()
    }
  }

  async #statusOf(transactionId: string, deadline: number): Promise<string> {
    try {
      const ask = 'SELECT pg_xact_status($1::text::xid8) AS status'
      const [row] = await this.readLatest<{ status: string | null }>(ask, [transactionId], deadline)
      return row?.status ?? 'forgotten'
    } catch (error) {
      // "is in the future": lost in a crash, and not given out again yet.
      if (error instanceof DatabaseError && error.code === invalidParameterValue) return 'aborted'
      throw error
    }
  }

  /**
   * Whether it is usable now; otherwise the obstacle is known. A migration may take long, and is never given up
   * but by closing: after the patience, `onLate` is told.
   */
  async #prepare(onLate: () => void): Promise<boolean> {
    const { signal } = this.#closing
    try {
      const server = await this.servers.forWrites()
      const client = await server.connect()
      const giveUp = () => void client.end()
      signal.addEventListener('abort', giveUp)
      const timer = setTimeout(() => {
        this.#obstacle = new ConnectionLost(lateness)
        onLate()
      }, this.#options.timeoutMs)
      try {
        signal.throwIfAborted()
        await migrate(client)
        await warnOfRisks(client, this.#options.logger)
      } finally {
        clearTimeout(timer)
        signal.removeEventListener('abort', giveUp)
        await endConnection(client)
      }
      this.#obstacle = undefined
    } catch (error) {
      this.#obstacle = error
    }
    return this.#obstacle === undefined
  }

  async #prepareOnceItAnswers(first: Promise<boolean>): Promise<void> {
    const { logger } = this.#options
    const { signal } = this.#closing
    const backoff = new Backoff(50, 1000)
    let told = ''
    const tell = () => {
      const failure = describeFailure(this.#obstacle)
      if (failure.reason !== told) logger.warn(failure, 'PostgreSQL can not be used yet; trying again')
      told = failure.reason
    }
    tell()
    let isUsable = await first
    while (!isUsable && !signal.aborted) {
      tell()
      await backoff.wait(signal)
      if (!signal.aborted) isUsable = await this.#prepare(tell)
    }
    if (isUsable) logger.info('PostgreSQL answers')
  }
}
