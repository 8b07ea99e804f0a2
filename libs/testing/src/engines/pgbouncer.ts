import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../free-port.ts'
import type { Owner } from '../owner.ts'
import { startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { ownedByServer, type Postgres } from './postgres.ts'

/** A pooler in front of a PostgreSQL, with its usual settings; it ends with the test. Returns its URL of a database. */
export async function startPgBouncer(
  owner: Owner,
  pgbouncer: string,
  { port: postgresPort }: Postgres,
  mode: 'session' | 'transaction',
): Promise<(database: string) => string> {
  const folder = mkdtempSync(join(tmpdir(), 'pgbouncer-'))
  const port = await freePort()
  const file = join(folder, 'pgbouncer.ini')
  const settings = [
    ...['listen_addr = 127.0.0.1', `listen_port = ${port}`, 'unix_socket_dir ='],
    ...['auth_type = any', `pool_mode = ${mode}`],
  ]
  writeFileSync(
    file,
    `[databases]\n* = host=127.0.0.1 port=${postgresPort} user=postgres\n[pgbouncer]\n${settings.join('\n')}\n`,
  )
  const [command = pgbouncer, ...args] = [...ownedByServer(folder), pgbouncer, file]
  const program = startProgram(owner, [command, ...args])
  owner.after(() => rmSync(folder, { recursive: true, force: true }))
  await untilAlive('PgBouncer', program, () => listens(port))
  return database => `postgres://postgres@127.0.0.1:${port}/${database}`
}

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
