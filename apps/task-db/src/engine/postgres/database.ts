import { Backoff, OutcomeUnknown, StoreUnavailable } from '@darkroom/service-kit'
import { DatabaseError, type Pool, type QueryResultRow } from 'pg'
import type { ConnectionOptions } from './connection.ts'
import { ConnectionLost, failureKind } from './failures.ts'
import { Preparation } from './preparation.ts'
import { Servers } from './servers.ts'
import type { Statement } from './statement.ts'
import { attemptChange, attemptQuery, type Change, type UnknownCommit } from './transaction.ts'

/** SQLSTATE */
const invalidParameterValue = '22023'

/** The connection was lost during the commit of a change, and no server answered in time whether it was committed. */
export class CommitUnknown extends OutcomeUnknown {
  /** The result of the change, in case it was committed. */
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
 * Transactions with a known outcome. A transaction that fails because of others, or because PostgreSQL disconnected,
 * is retried until the timeout. If the connection is lost during the commit, the outcome is unknown until the server
 * answers again: then the status of the transaction's id is queried.
 */
export class Database {
  readonly servers: Servers
  readonly #options: ConnectionOptions
  readonly #preparation: Preparation
  #closed: Promise<void> | undefined

  private constructor(options: ConnectionOptions, servers: Servers, preparation: Preparation) {
    this.#options = options
    this.servers = servers
    this.#preparation = preparation
  }

  /** @throws StoreMisconfigured, as `Preparation.begin` */
  static async open(options: ConnectionOptions): Promise<Database> {
    const servers = new Servers(options)
    try {
      return new Database(options, servers, await Preparation.begin(servers, options))
    } catch (error) {
      await servers.close()
      throw error
    }
  }

  /** When to stop retrying a request that starts now, in the time of `performance.now()`. */
  deadline(): number {
    return performance.now() + this.#options.timeoutMs
  }

  /** Reads rows from any server. @throws StoreUnavailable */
  read<Row extends QueryResultRow>(statement: Statement, deadline = this.deadline()): Promise<Row[]> {
    return this.#query(statement, deadline, 'forReads')
  }

  /** Reads rows from the server that accepts writes, so the result is up to date. */
  readLatest<Row extends QueryResultRow>(statement: Statement, deadline = this.deadline()): Promise<Row[]> {
    return this.#query(statement, deadline, 'forWrites')
  }

  /** Runs a statement that writes, and that may be run twice with the same effect. @throws StoreUnavailable */
  write<Row extends QueryResultRow>(statement: Statement, deadline = this.deadline()): Promise<Row[]> {
    return this.#query(statement, deadline, 'forWrites')
  }

  /**
   * Returns the result of the decision, once it is on disk. @throws StoreUnavailable; CommitUnknown if it may have
   * been committed
   */
  change<Row extends QueryResultRow, Result>(
    change: Change<Row, Result>,
    deadline = this.deadline(),
  ): Promise<Result> {
    return this.#retry(deadline, 'forWrites', pool => this.#attempt(pool, change, deadline))
  }

  /** Locks rows as a claim does, and changes nothing. @throws StoreUnavailable while no server accepts writes */
  async checkAcceptsWrites(): Promise<void> {
    const read = { text: 'SELECT 1 FROM tasks WHERE false FOR UPDATE' }
    await this.change({ read, decide: () => ({ writes: [], result: undefined }) })
  }

  /** Idempotent. Waits for running transactions. */
  close(): Promise<void> {
    this.#closed ??= this.#preparation.close().then(() => this.servers.close())
    return this.#closed
  }

  async #query<Row extends QueryResultRow>(
    statement: Statement,
    deadline: number,
    purpose: 'forReads' | 'forWrites',
  ): Promise<Row[]> {
    return this.#retry(deadline, purpose, pool => attemptQuery<Row>(pool, statement))
  }

  async #retry<Result>(
    deadline: number,
    purpose: 'forReads' | 'forWrites',
    attempt: (pool: Pool) => Promise<Result>,
  ): Promise<Result> {
    const backoff = new Backoff(20, 300)
    for (;;) {
      let failure = this.#preparation.obstacle
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
    // A server was found before, so an error now is an outage.
    const server = await this.servers[purpose]().catch(error => {
      throw new ConnectionLost(error)
    })
    try {
      return await attempt(server.pool)
    } catch (error) {
      this.servers.suspect(server, error)
      throw error
    }
  }

  async #attempt<Row extends QueryResultRow, Result>(
    pool: Pool,
    change: Change<Row, Result>,
    deadline: number,
  ) {
    const { result, unknownCommit } = await attemptChange(pool, change)
    if (!unknownCommit) return result
    const hasCommitted = await this.#hasCommitted(unknownCommit, deadline).catch(error => {
      throw error instanceof StoreUnavailable ? new CommitUnknown(result, error.cause) : error
    })
    if (!hasCommitted) throw unknownCommit.error
    return result
  }

  /**
   * Finds out whether a transaction was committed. After a crash, the server reuses the ids of lost transactions: so a
   * committed id counts only together with the transaction's mark. Writing to the mark waits until everything before it has
   * reached the synchronous standby. Without this, a primary that was killed during that wait would show the transaction as
   * committed, although a failover would lose it.
   *
   * @throws StoreUnavailable if the server didn't answer in time
   */
  async #hasCommitted({ transactionId, mark }: UnknownCommit, deadline: number): Promise<boolean> {
    const backoff = new Backoff(10, 300)
    for (;;) {
      const status = await this.#statusOf(transactionId, deadline)
      if (status === 'aborted') return false
      if (status === 'committed') {
        const touch = 'UPDATE commits SET at = now() WHERE mark = $1 RETURNING 1'
        const marks = await this.write({ text: touch, values: [mark] }, deadline)
        return marks.length > 0
      }
      if (performance.now() >= deadline)
        throw unavailable(new Error(`transaction ${transactionId} is ${status}`))
      await backoff.wait()
    }
  }

  async #statusOf(transactionId: string, deadline: number): Promise<string> {
    try {
      const text = 'SELECT pg_xact_status($1::text::xid8) AS status'
      const [row] = await this.readLatest<{ status: string | null }>(
        { text, values: [transactionId] },
        deadline,
      )
      return row?.status ?? 'forgotten'
    } catch (error) {
      // The error "is in the future" means that the id was lost in a crash, and has not been reused yet.
      if (error instanceof DatabaseError && error.code === invalidParameterValue) return 'aborted'
      throw error
    }
  }
}
