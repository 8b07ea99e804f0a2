import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg'
import { askServer, ConnectionLost, endsConnection } from './failures.ts'
import { choosePlans } from './plans.ts'
import { prepared, type Statement } from './statement.ts'

/**
 * A transaction in two round trips: the first reads and locks rows, the second writes.
 *
 *     BEGIN · read · id, time ──> rows, locked
 *     decide
 *     write · mark · COMMIT ────> done
 */
export interface Change<Row extends QueryResultRow, Result> {
  /** Reads and locks the rows on which the decision depends. */
  read: Statement
  /** `now` is the database's time after the rows were locked. Without writes, the transaction changes nothing. */
  decide(rows: Row[], now: Date): { writes: Statement[]; result: Result }
}

interface Attempt<Result> {
  result: Result
  unknownCommit?: UnknownCommit
}

/** The connection was lost during the commit: only the server can answer whether the transaction was committed. */
export interface UnknownCommit {
  transactionId: string
  /** The row of the transaction in the table of commits. */
  mark: string
  error: unknown
}

/** @throws DatabaseError or ConnectionLost if the transaction was not committed */
export function attemptChange<Row extends QueryResultRow, Result>(
  pool: Pool,
  { read, decide }: Change<Row, Result>,
): Promise<Attempt<Result>> {
  return withConnection(pool, async (client, lose) => {
    try {
      const { rows, now, transactionId } = await begin<Row>(client, read)
      const { writes, result } = decide(rows, now)
      const mark = crypto.randomUUID()
      try {
        await commit(client, writes.length > 0 ? [...writes, leaveMark(mark)] : [])
        return { result }
      } catch (error) {
        if (writes.length === 0 || !endsConnection(error)) throw error
        lose(new ConnectionLost(error))
        return { result, unknownCommit: { transactionId, mark, error } }
      }
    } catch (error) {
      if (!endsConnection(error)) await client.query('ROLLBACK').catch(lose)
      throw error
    }
  })
}

/** Runs one statement, without a transaction. @throws DatabaseError, ConnectionLost */
export function attemptQuery<Row extends QueryResultRow>(pool: Pool, statement: Statement): Promise<Row[]> {
  return withConnection(pool, async client => {
    const sent = inOneWrite(client, () => {
      const plans = choosePlans(client, statement)
      return [send<Row>(client, statement), ...plans] as const
    })
    const [{ rows }] = await askServer(Promise.all(sent))
    return rows
  })
}

/** Call `lose` if the connection is no longer usable. */
async function withConnection<Result>(
  pool: Pool,
  use: (client: PoolClient, lose: (reason: Error) => void) => Promise<Result>,
): Promise<Result> {
  const client = await askServer(pool.connect())
  let lost: Error | undefined
  const lose = (reason: Error) => {
    lost = reason
  }
  client.on('error', lose) // without a listener it would end the process
  try {
    return await use(client, lose)
  } catch (error) {
    if (endsConnection(error)) lose(new ConnectionLost(error))
    throw error
  } finally {
    client.off('error', lose)
    client.release(lost)
  }
}

async function begin<Row extends QueryResultRow>(client: PoolClient, read: Statement) {
  const sent = inOneWrite(client, () => {
    const plans = choosePlans(client, read)
    // The default of PostgreSQL, which may have been changed for this database. Without READ WRITE, which would override an
    // administrator who made the server read-only.
    const begun = client.query('BEGIN ISOLATION LEVEL READ COMMITTED')
    return [
      send<Row>(client, read),
      send<{ id: string; now: Date }>(client, askClock),
      begun,
      ...plans,
    ] as const
  })
  const [{ rows }, { rows: clocks }] = await askServer(Promise.all(sent))
  const [clock] = clocks
  if (!clock) throw new Error('PostgreSQL did not return its time')
  return { rows, now: clock.now, transactionId: clock.id }
}

const askClock: Statement = {
  text: 'SELECT pg_current_xact_id()::text AS id, clock_timestamp() AS now',
}

function leaveMark(mark: string): Statement {
  return { text: 'INSERT INTO commits (mark) VALUES ($1)', values: [mark] }
}

async function commit(client: PoolClient, writes: Statement[]): Promise<void> {
  const sent = inOneWrite(client, () => [...writes.map(write => send(client, write)), client.query('COMMIT')])
  await askServer(Promise.all(sent))
}

/** pg would write each statement to the socket separately, and each write wakes PostgreSQL. */
function inOneWrite<Sent>(client: PoolClient, send: () => Sent): Sent {
  const { stream } = client.connection
  stream.cork()
  try {
    return send()
  } finally {
    stream.uncork()
  }
}

function send<Row extends QueryResultRow>(
  client: PoolClient,
  statement: Statement,
): Promise<QueryResult<Row>> {
  return client.query<Row>(prepared(statement))
}
