import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@darkroom/service-kit'
import { Client, type ClientBase, type ClientConfig, Pool } from 'pg'
import { waitForDisk } from './durability.ts'
import { askServer, describeFailure, RefusesWrites } from './failures.ts'

/** How long closing waits for the server to close its end. */
const closeTimeoutMs = 1000

export interface ConnectionOptions {
  /** The URL of one server or several. Its `sslmode` selects whether, and how strictly, TLS is used. */
  url: string
  /** The maximum number of connections, besides the connection for LISTEN. */
  connections: number
  /** How long everything is retried while PostgreSQL doesn't answer, or other transactions interfere. */
  timeoutMs: number
  logger: Logger
}

/** A pool of connections to one server, with timeouts on the server, and here in case it doesn't answer. */
export function openPool(
  server: ClientConfig,
  { connections, timeoutMs, logger }: ConnectionOptions,
  onLost: () => void,
): Pool {
  const timeouts = {
    lock_timeout: Math.ceil(timeoutMs * 0.4),
    statement_timeout: Math.ceil(timeoutMs * 0.8),
    idle_in_transaction_session_timeout: timeoutMs,
  }
  const pool = new Pool({
    query_timeout: timeoutMs,
    ...common(timeoutMs),
    ...server,
    max: connections,
    pipeline: true,
    onConnect: async client => {
      await setSession(client, timeouts, server)
      // A primary that was made read-only still has all data, and refuses writes itself.
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
 * One connection, for long operations. If a copy hangs within a transaction, the server frees its locks after the
 * timeout. `onLost` is called once when the connection ends.
 */
export async function connectOnce(
  server: ClientConfig,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  onLost: (error: Error) => void = () => undefined,
): Promise<Client> {
  const client = new Client({ ...common(timeoutMs), ...server })
  let isLost = false
  client.on('error', error => {
    if (!isLost) onLost(error)
    isLost = true
  })
  const giveUp = () => void client.end()
  signal?.addEventListener('abort', giveUp, { once: true })
  try {
    await askServer(client.connect())
    await setSession(client, { idle_in_transaction_session_timeout: timeoutMs }, server, timeoutMs)
    await checkAcceptsWrites(client, timeoutMs)
    return client
  } catch (error) {
    void endConnection(client)
    throw error
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

/**
 * Sets the timeouts of a session, in milliseconds, unless the URL has them. Also sets what statements depend on, whatever
 * the defaults of the server are. These can't be parameters of the connection, because PgBouncer refuses such connections.
 */
async function setSession(
  client: ClientBase,
  timeouts: Readonly<Record<string, number>>,
  server: ClientConfig,
  timeoutMs?: number,
): Promise<void> {
  const settings = { ...timeouts, standard_conforming_strings: 'on', array_nulls: 'on' }
  const calls = Object.entries(settings)
    .filter(([name]) => !(name in server))
    .map(([name, value]) => `set_config('${name}', '${value}', false)`)
  await askServer(client.query(within(`SELECT ${calls.join(', ')}`, timeoutMs)))
}

/**
 * Checks what libpq checks for target_session_attrs=read-write.
 *
 * @throws RefusesWrites, DatabaseError, ConnectionLost; the last also when the response takes longer than `timeoutMs`
 */
export async function checkAcceptsWrites(client: ClientBase, timeoutMs: number): Promise<void> {
  const { isReadOnly } = await checkIsPrimary(client, timeoutMs)
  if (isReadOnly) throw new RefusesWrites('it is read-only (default_transaction_read_only)')
}

/** Checks what libpq checks for target_session_attrs=primary. @throws like `checkAcceptsWrites` */
async function checkIsPrimary(client: ClientBase, timeoutMs?: number): Promise<{ isReadOnly: boolean }> {
  const text = `SELECT pg_is_in_recovery() AS is_standby, current_setting('transaction_read_only') AS read_only`
  const ask = within(text, timeoutMs)
  const { rows } = await askServer(client.query<{ is_standby: boolean; read_only: string }>(ask))
  const [state] = rows
  if (state?.is_standby) throw new RefusesWrites('it is a standby, which refuses writes')
  return { isReadOnly: state?.read_only === 'on' }
}

/** Ends a connection, or all connections of a pool. It does not wait for a server that hangs. */
export async function endConnection(connection: Pick<Client, 'end'> | Pick<Pool, 'end'>): Promise<void> {
  await Promise.race([connection.end(), delay(closeTimeoutMs, undefined, { ref: false })])
}

/** A statement that fails if its response takes longer. */
export function within(text: string, timeoutMs: number | undefined) {
  return { text, ...(timeoutMs !== undefined && { query_timeout: timeoutMs }) }
}

function common(connectionTimeoutMillis: number): ClientConfig {
  return { application_name: 'darkroom task-db', connectionTimeoutMillis, keepAlive: true }
}
