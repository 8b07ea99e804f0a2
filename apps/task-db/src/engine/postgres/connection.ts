import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@darkroom/service-kit'
import { Client, type ClientBase, type ClientConfig, Pool } from 'pg'
import { waitForDisk } from './durability.ts'
import { askServer, describeFailure, TakesNoWrites } from './failures.ts'

/** How long closing waits until the server has closed its end, too. */
const goodbyeMs = 1000

export interface ConnectionOptions {
  /** Of one server or several. Its `sslmode` says whether, and how strictly, TLS is used. */
  url: string
  /** At most so many; the one that listens comes on top. */
  connections: number
  /** So long is everything tried again while PostgreSQL doesn't answer, or others stand in the way. */
  timeoutMs: number
  logger: Logger
}

/** Connections to one server that give up in time: on the server, and where that doesn't even answer, here. */
export function openPool(
  server: ClientConfig,
  { connections, timeoutMs, logger }: ConnectionOptions,
  onLost: () => void,
): Pool {
  const pool = new Pool({
    lock_timeout: Math.ceil(timeoutMs * 0.4),
    statement_timeout: Math.ceil(timeoutMs * 0.8),
    query_timeout: timeoutMs,
    idle_in_transaction_session_timeout: timeoutMs,
    ...common(timeoutMs),
    ...server,
    max: connections,
    pipeline: true,
    onConnect: async client => {
      // One that was set to be read only still knows all that was written, and refuses writes itself.
      await checkIsPrimary(client)
      await waitForDisk(client)
    },
  })
  pool.on('error', error => {
    logger.warn(describeFailure(error), 'an idle connection to PostgreSQL was lost')
    onLost()
  })
  return pool
}

/**
 * One connection, for what may take long; but a copy that hangs within a transaction keeps its locks no longer than
 * the patience. `onLost` hears of its end, once.
 */
export async function connectOnce(
  server: ClientConfig,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  onLost: (error: Error) => void = () => undefined,
): Promise<Client> {
  const client = new Client({
    idle_in_transaction_session_timeout: timeoutMs,
    ...common(timeoutMs),
    ...server,
  })
  let isLost = false
  client.on('error', error => {
    if (!isLost) onLost(error)
    isLost = true
  })
  const giveUp = () => void client.end()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await askServer(client.connect())
    await checkTakesWrites(client, timeoutMs)
    return client
  } catch (error) {
    void endConnection(client)
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

/**
 * As libpq's target_session_attrs=read-write asks.
 *
 * @throws TakesNoWrites, DatabaseError, ConnectionLost; also when the answer takes longer than `timeoutMs`
 */
export async function checkTakesWrites(client: ClientBase, timeoutMs: number): Promise<void> {
  const { isReadOnly } = await checkIsPrimary(client, timeoutMs)
  if (isReadOnly) throw new TakesNoWrites('it is set to be read only (default_transaction_read_only)')
}

/** As target_session_attrs=primary asks. @throws like `checkTakesWrites` */
async function checkIsPrimary(client: ClientBase, timeoutMs?: number): Promise<{ isReadOnly: boolean }> {
  const text = `SELECT pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') AS read_only`
  const ask = { text, ...(timeoutMs !== undefined && { query_timeout: timeoutMs }) }
  const { rows } = await askServer(client.query<{ is_standby: boolean; read_only: string }>(ask))
  const [answer] = rows
  if (answer?.is_standby) throw new TakesNoWrites('it is a standby, which takes no writes')
  return { isReadOnly: answer?.read_only === 'on' }
}

/** Ends a connection, or all of a pool. A server that stands still never takes its leave, and isn't waited for. */
export async function endConnection(connection: Pick<Client, 'end'> | Pick<Pool, 'end'>): Promise<void> {
  await Promise.race([connection.end(), delay(goodbyeMs, undefined, { ref: false })])
}

function common(connectionTimeoutMillis: number): ClientConfig {
  return { application_name: 'darkroom task-db', connectionTimeoutMillis, keepAlive: true }
}
