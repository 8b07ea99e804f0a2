import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { existsSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface DataPlace {
  /** The data is in `data` below it. */
  folder: string
  /** The path of the server's program. */
  postgres: string
  /** The prefix of commands that run as the owner of the folder. */
  within: readonly string[]
}

/** Creates the data of a server: for a standby, a copy of its primary; otherwise an empty database cluster. */
export function makeData(
  place: DataPlace,
  { password, primary }: { password?: string | undefined; primary?: { url: string } | undefined },
): void {
  if (primary !== undefined) copyPrimary(place, primary)
  else if (password === undefined) copyEmptyCluster(place)
  else initialize(place, password)
}

/** Copies the empty database cluster with which every server without a password begins. It is created only once. */
function copyEmptyCluster(place: DataPlace): void {
  const { folder, postgres } = place
  const program = realpathSync(postgres)
  const { mtimeMs, ino } = statSync(program)
  const key = hash('sha256', `${program} ${mtimeMs} ${ino} ${process.getuid?.()}`, 'hex')
  const kept = join(keptClusters, key.slice(0, 16))
  if (!existsSync(kept)) {
    initialize(place, undefined)
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

/** Creates an empty cluster, without an fsync at the end, because the cluster may be lost with the machine. */
function initialize({ folder, postgres, within }: DataPlace, password: string | undefined): void {
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
function copyPrimary({ folder, postgres, within }: DataPlace, { url }: { url: string }): void {
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
export function programBeside(postgres: string, name: string): string {
  return join(dirname(realpathSync(postgres)), name)
}
