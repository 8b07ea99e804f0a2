import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg'
import { askServer, ConnectionLost, endsConnection } from './failures.ts'

export interface Statement {
  text: string
  values: readonly unknown[]
}

/**
 * A transaction in two round trips: what it looks at, then all that it writes.
 *
 *     BEGIN · look · id, time ──> rows, locked
 *     decide
 *     write · mark · COMMIT ────> done
 */
export interface Change<Row extends QueryResultRow, Result> {
  /** Locks the rows that the decision is about. */
  look: Statement
  /** `now` is the database's time after the rows were locked. Where nothing is written nothing happens. */
  decide(rows: Row[], now: Date): { writes: Statement[]; result: Result }
}

export interface Attempt<Result> {
  result: Result
  doubt?: Doubt
}

/** The connection was lost during the commit: whether that happened, only the server knows. */
export interface Doubt {
  transactionId: string
  /** What the transaction leaves in the table of commits. */
  mark: string
  error: unknown
}

/** @throws DatabaseError, ConnectionLost when it has not happened */
export async function attemptChange<Row extends QueryResultRow, Result>(
  pool: Pool,
  { look, decide }: Change<Row, Result>,
): Promise<Attempt<Result>> {
  const client = await askServer(pool.connect())
  let lost: Error | undefined
  const lose = (error: Error) => {
    lost = error
  }
  client.on('error', lose) // without a listener it would end the process
  try {
    const { rows, now, transactionId } = await begin<Row>(client, look)
    const { writes, result } = decide(rows, now)
    const mark = crypto.randomUUID()
    try {
      await commit(client, writes.length > 0 ? [...writes, leaveMark(mark)] : [])
      return { result }
    } catch (error) {
      if (writes.length === 0 || !endsConnection(error)) throw error
      lost = new ConnectionLost(error)
      return { result, doubt: { transactionId, mark, error } }
    }
  } catch (error) {
    if (endsConnection(error)) lost = new ConnectionLost(error)
    else await client.query('ROLLBACK').catch(lose)
    throw error
  } finally {
    client.off('error', lose)
    client.release(lost)
  }
}

async function begin<Row extends QueryResultRow>(client: PoolClient, look: Statement) {
  // As PostgreSQL does by default; but a database may have been told otherwise. Not READ WRITE: whoever set the server
  // to be read only means it.
  const began = client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
  const looked = send<Row>(client, look)
  const asked = client.query<{ id: string; now: Date }>(
    'SELECT pg_current_xact_id()::text AS id, clock_timestamp() AS now',
  )
  const [, { rows }, answer] = await askServer(Promise.all([began, looked, asked]))
  const [clock] = answer.rows
  if (!clock) throw new Error('PostgreSQL did not say what time it is')
  return { rows, now: clock.now, transactionId: clock.id }
}

function leaveMark(mark: string): Statement {
  return { text: 'INSERT INTO commits (mark) VALUES ($1)', values: [mark] }
}

async function commit(client: PoolClient, writes: Statement[]): Promise<void> {
  await askServer(Promise.all([...writes.map(write => send(client, write)), client.query('COMMIT')]))
}

function send<Row extends QueryResultRow>(
  client: PoolClient,
  { text, values }: Statement,
): Promise<QueryResult<Row>> {
  return client.query<Row>(text, [...values])
}
