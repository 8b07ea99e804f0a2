import { randomUUID } from 'node:crypto'
import type { Client } from 'pg'
import { endConnection, within } from './connection.ts'
import { askServer } from './failures.ts'

/**
 * Checks that each connection has its own session of the server, by a setting that another connection must not see. With a
 * pooler in transaction mode, the other connection usually gets the session that was used last.
 *
 * @throws Error if connections share sessions; the reason why the server can't be asked
 */
export async function checkOwnSessions(
  client: Client,
  connect: () => Promise<Client>,
  timeoutMs: number,
): Promise<void> {
  const id = randomUUID()
  const set = `SELECT set_config('darkroom.session', '${id}', false)`
  await askServer(client.query(within(set, timeoutMs)))
  const other = await connect()
  try {
    const text = `SELECT current_setting('darkroom.session', true) AS session`
    const { rows } = await askServer(other.query<{ session: string | null }>(within(text, timeoutMs)))
    if (rows[0]?.session === id) throw new Error(sharedSessions)
  } finally {
    await endConnection(other)
  }
}

const sharedSessions =
  'a pooler in transaction mode is in front of it; use session mode, or the address of PostgreSQL itself'
