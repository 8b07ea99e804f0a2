import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { freePort } from '../free-port.ts'
import { type Program, startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { until } from '../until.ts'

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
  t: Pick<TestContext, 'after'>,
  postgres: string,
  { settings = {}, password, standbyOf: primary }: PostgresOptions = {},
): Promise<Postgres> {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'))
  const within = ownedByServer(folder)
  const port = await freePort()
  if (primary !== undefined) copyPrimary(folder, postgres, within, primary)
  else if (password === undefined) copyEmptyCluster(folder, postgres, within)
  else initialize(folder, postgres, within, password)
  const fixed = { listen_addresses: '127.0.0.1', port: String(port), unix_socket_directories: folder }
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
      current = startProgram(t, [command, ...args])
      await untilAlive('PostgreSQL', current, () =>
        /ready to accept (read-only )?connections/.test(current.stderr),
      )
      return true
    })
  t.after(async () => {
    const ended = end('SIGQUIT') // unlike SIGKILL, leaves no shared memory behind
    current.signal('SIGCONT') // a failed test may have left it stopped
    await ended
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

/** Copies the empty database cluster with which every server without a password begins. It is made only once. */
function copyEmptyCluster(folder: string, postgres: string, within: string[]): void {
  const program = realpathSync(postgres)
  const { mtimeMs, ino } = statSync(program)
  const key = createHash('sha256').update(`${program} ${mtimeMs} ${ino} ${process.getuid?.()}`).digest('hex')
  const kept = join(keptClusters, key.slice(0, 16))
  if (!existsSync(kept)) {
    initialize(folder, postgres, within, undefined)
    keep(join(folder, 'data'), kept)
  } else copyFolder(kept, join(folder, 'data'))
}

/** The folder of the empty cluster for all test files. Only the user who installed Darkroom can write there. */
const keptClusters = fileURLToPath(new URL('../../../../node_modules/.cache/postgres', import.meta.url))

/** Stores the cluster for other processes, which see the complete copy or none. */
function keep(folder: string, kept: string): void {
  const copy = `${kept}.${process.pid}`
  mkdirSync(dirname(kept), { recursive: true })
  copyFolder(folder, copy)
  try {
    renameSync(copy, kept)
  } catch (error) {
    if (!existsSync(kept)) throw error
    rmSync(copy, { recursive: true }) // another test file was faster
  }
}

/** Keeps owners and modes, because the server checks them. */
function copyFolder(from: string, to: string): void {
  execFileSync('cp', ['--archive', '--reflink=auto', from, to], { stdio: 'pipe' })
}

/** Makes an empty cluster, without fsync at the end, as the cluster may be lost with the machine. */
function initialize(folder: string, postgres: string, within: string[], password: string | undefined): void {
  const passwordFile = join(folder, 'password')
  writeFileSync(passwordFile, password ?? '', { mode: 0o644 })
  const authentication =
    password === undefined ? ['--auth=trust'] : ['--auth=scram-sha-256', `--pwfile=${passwordFile}`]
  const initdb = programBeside(postgres, 'initdb')
  const options = [
    '--username=postgres',
    '--encoding=UTF8',
    '--locale=C.UTF-8',
    '--no-sync',
    ...authentication,
  ]
  const [command = initdb, ...args] = [...within, initdb, '-D', join(folder, 'data'), ...options]
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Copies a running server, for a standby that follows it. */
function copyPrimary(folder: string, postgres: string, within: string[], { url }: Postgres): void {
  const backup = programBeside(postgres, 'pg_basebackup')
  const options = [
    '-d',
    url,
    '-D',
    join(folder, 'data'),
    '--write-recovery-conf',
    '--checkpoint=fast',
    '--no-sync',
  ]
  const [command = backup, ...args] = [...within, backup, ...options]
  execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Debian does not put these programs on the PATH. */
function programBeside(postgres: string, name: string): string {
  return join(dirname(realpathSync(postgres)), name)
}

/** The command that runs a program as the folder's owner. */
function ownedByServer(folder: string): string[] {
  if (process.getuid?.() !== 0) return []
  const [uid = Number.NaN, gid = Number.NaN] = ['-u', '-g'].map(what =>
    Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' })),
  )
  chownSync(folder, uid, gid)
  return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
}
