import type { Pool, PoolClient, QueryResult, QueryResultRow } from 'pg'
import { askServer, ConnectionLost, endsConnection } from './failures.ts'
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
export async function attemptChange<Row extends QueryResultRow, Result>(
  pool: Pool,
  { read, decide }: Change<Row, Result>,
): Promise<Attempt<Result>> {
  const client = await askServer(pool.connect())
  let lost: Error | undefined
  const lose = (error: Error) => {
    lost = error
  }
  client.on('error', lose) // without a listener it would end the process
  try {
    const { rows, now, transactionId } = await begin<Row>(client, read)
    const { writes, result } = decide(rows, now)
    const mark = crypto.randomUUID()
    try {
      await commit(client, writes.length > 0 ? [...writes, leaveMark(mark)] : [])
      return { result }
    } catch (error) {
      if (writes.length === 0 || !endsConnection(error)) throw error
      lost = new ConnectionLost(error)
      return { result, unknownCommit: { transactionId, mark, error } }
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

async function begin<Row extends QueryResultRow>(client: PoolClient, read: Statement) {
  // The default of PostgreSQL, which may have been changed for this database. Without READ WRITE, as that would
  // override an administrator who made the server read-only.
  const sent = inOneWrite(
    client,
    () =>
      [
        client.query('BEGIN ISOLATION LEVEL READ COMMITTED'),
        send<Row>(client, read),
        send<{ id: string; now: Date }>(client, askClock),
      ] as const,
  )
  const [, { rows }, answer] = await askServer(Promise.all(sent))
  const [clock] = answer.rows
  if (!clock) throw new Error('PostgreSQL did not answer its time')
  return { rows, now: clock.now, transactionId: clock.id }
}

const askClock: Statement = {
  text: 'SELECT pg_current_xact_id()::text AS id, clock_timestamp() AS now',
  values: [],
}

function leaveMark(mark: string): Statement {
  return { text: 'INSERT INTO commits (mark) VALUES ($1)', values: [mark] }
}

async function commit(client: PoolClient, writes: Statement[]): Promise<void> {
  const sent = inOneWrite(client, () => [...writes.map(write => send(client, write)), client.query('COMMIT')])
  await askServer(Promise.all(sent))
}

/** pg would write each statement to the socket by itself, and each write wakes PostgreSQL. */
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
