import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '@darkroom/service-kit'
import { Client, type ClientConfig, Pool } from 'pg'
import { waitForDisk } from './durability.ts'
import { askServer, describeFailure } from './failures.ts'

/** How long closing waits until the server has closed its end, too. */
const goodbyeMs = 1000

export interface ConnectionOptions {
  /** Its `sslmode` says whether, and how strictly, TLS is used. */
  url: string
  /** At most so many; the one that listens comes on top. */
  connections: number
  /** So long is everything tried again while PostgreSQL doesn't answer, or others stand in the way. */
  patienceMs: number
  logger: Logger
}

/** Connections that give up in time: on the server, and where that doesn't even answer, here. */
export function openPool({ url, connections, patienceMs, logger }: ConnectionOptions): Pool {
  const pool = new Pool({
    ...configOf(url, patienceMs),
    max: connections,
    pipeline: true,
    lock_timeout: Math.ceil(patienceMs * 0.4),
    statement_timeout: Math.ceil(patienceMs * 0.8),
    query_timeout: patienceMs,
    idle_in_transaction_session_timeout: patienceMs,
    onConnect: waitForDisk,
  })
  pool.on('error', error => logger.warn(describeFailure(error), 'an idle connection to PostgreSQL was lost'))
  return pool
}

/**
 * One connection, for what may take long; but a copy that hangs within a transaction keeps its locks no longer than
 * the patience. `onLost` hears of its end, once.
 */
export async function connectOnce(
  { url, patienceMs }: ConnectionOptions,
  onLost: (error: Error) => void,
): Promise<Client> {
  const client = new Client({
    ...configOf(url, patienceMs),
    idle_in_transaction_session_timeout: patienceMs,
  })
  let isLost = false
  client.on('error', error => {
    if (!isLost) onLost(error)
    isLost = true
  })
  await askServer(client.connect())
  return client
}

/** Ends a connection, or all of a pool. A server that stands still never takes its leave, and isn't waited for. */
export async function endConnection(connection: Pick<Client, 'end'> | Pick<Pool, 'end'>): Promise<void> {
  await Promise.race([connection.end(), delay(goodbyeMs, undefined, { ref: false })])
}

function configOf(url: string, connectionTimeoutMillis: number): ClientConfig {
  return {
    connectionString: url,
    application_name: 'darkroom task-db',
    connectionTimeoutMillis,
    keepAlive: true,
  }
}
