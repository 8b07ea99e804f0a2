import { execFile, execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import type { Owner } from '../owner.ts'
import { type Program, startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { until } from '../until.ts'
import { makeData, programBeside } from './postgres-data.ts'

const execute = promisify(execFile)

export interface Postgres {
  /** The URL of the superuser, and of the database that exists on every server. */
  readonly url: string
  readonly port: number
  /** Creates a database; returns its URL. */
  createDatabase(name: string): string
  /** The process that runs now, or ran last. */
  readonly program: Program
  /** Kills by SIGKILL: clients get no message, and the next start must recover. Resolves when the process has ended. */
  kill(): Promise<void>
  /** Shuts down in PostgreSQL's fast mode: all clients are disconnected. */
  stop(): Promise<void>
  /** Starts it again on the same data and port; resolves when it accepts connections. */
  start(): Promise<void>
  /** Runs one statement on its own connection; returns the rows as psql prints them, unaligned. */
  query(text: string): Promise<string[]>
  /** Makes commits of a primary wait until its standby, which must exist, has them too. */
  awaitStandby(): Promise<void>
  /** Makes a standby the primary; resolves when it accepts writes. */
  promote(): Promise<void>
}

export interface PostgresOptions {
  /** Settings of postgresql.conf. */
  settings?: Readonly<Record<string, string>>
  /** The password of the superuser; by default no password is required. */
  password?: string
  /** The primary that it follows by streaming replication; it refuses writes until it is promoted. */
  standbyOf?: Postgres
}

/** A server on a free port; it ends with the test. The server refuses to run as root, so then it runs as `postgres`. */
export async function startPostgres(
  owner: Owner,
  postgres: string,
  { settings = {}, password, standbyOf: primary }: PostgresOptions = {},
): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const within = ownedByServer(folder)
  const port = await freePort()
  makeData({ folder, postgres, within }, { password, primary })
  const fixed = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: folder,
    dynamic_shared_memory_type: 'mmap', // in its folder: by default, a killed server leaves files in /dev/shm
  }
  const options = Object.entries({ ...fixed, ...settings }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ])
  const [command, ...args] = [...within, postgres, '-D', join(folder, 'data'), ...options]
  if (command === undefined) throw new Error('there is no command to run')

  let current: Program
  const end = async (signal: NodeJS.Signals) => {
    current.signal(signal)
    await current.ended
  }
  const start = () =>
    // After a SIGKILL its children live for a moment, during which the next start is refused.
    until('PostgreSQL has started', async () => {
      current = startProgram(owner, [command, ...args])
      await untilAlive('PostgreSQL', current, () =>
        /ready to accept (read-only )?connections/.test(current.stderr),
      )
      return true
    })
  owner.after(async () => {
    const ended = end('SIGQUIT') // unlike SIGKILL, leaves no shared memory behind
    current.signal('SIGCONT') // a failed test may have left it stopped
    await ended
    removeSharedMemory(join(folder, 'data'))
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  const url = `postgres://postgres${password === undefined ? '' : `:${password}`}@127.0.0.1:${port}/postgres`
  const query = async (text: string) => {
    const options = ['--no-psqlrc', '--tuples-only', '--no-align', '--command', text]
    const { stdout } = await execute(programBeside(postgres, 'psql'), [url, ...options])
    return stdout.split('\n').filter(line => line !== '')
  }
  return {
    url,
    port,
    createDatabase(name) {
      execFileSync(programBeside(postgres, 'createdb'), [`--maintenance-db=${url}`, name], { stdio: 'pipe' })
      return new URL(`/${name}`, url).href
    },
    get program() {
      return current
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGINT'),
    start: async () => {
      await start()
    },
    query,
    awaitStandby: async () => {
      await query(`ALTER SYSTEM SET synchronous_standby_names = '*'`)
      await query('SELECT pg_reload_conf()')
      const synchronous = `SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'`
      await until('the standby is synchronous', async () => (await query(synchronous)).length > 0)
    },
    promote: async () => {
      await query('SELECT pg_promote()')
    },
  }
}

/** Removes the segment of shared memory that a killed server left; its id is on the 7th line of the file with its pid. */
function removeSharedMemory(data: string): void {
  const pidFile = join(data, 'postmaster.pid')
  if (!existsSync(pidFile)) return
  const [, id] = readFileSync(pidFile, 'utf8').split('\n')[6]?.trim().split(/ +/) ?? []
  if (id !== undefined) execFileSync('ipcrm', ['-m', id], { stdio: 'pipe' })
}

/** Gives the folder to the server's user. Returns the command that runs a program as this user. */
export function ownedByServer(folder: string): string[] {
  if (process.getuid?.() !== 0) return []
  const [uid = Number.NaN, gid = Number.NaN] = ['-u', '-g'].map(what =>
    Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' })),
  )
  chownSync(folder, uid, gid)
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
}
