import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { freePortRange } from '../free-port-range.ts'
import type { Owner } from '../owner.ts'
import { type Program, startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { temporaryFolder } from '../temporary-folder.ts'

const execute = promisify(execFile)

export interface ObjectStore {
  /** The URL of the S3 gateway; buckets are in the path. */
  readonly url: string
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** The gateway's process that runs now, or ran last. */
  readonly program: Program
  /** Kills the gateway by SIGKILL; resolves when the process has ended. Stored objects stay. */
  kill(): Promise<void>
  /** Starts the gateway again at the same address. */
  restart(): Promise<void>
}

/**
 * A whole Ceph, as small as possible: one monitor, one OSD that keeps its objects in memory, and an S3 gateway. It is
 * ready within two seconds, and ends with the test.
 */
export async function startObjectStore(owner: Owner, radosgw: string): Promise<ObjectStore> {
  const programs: Program[] = []
  // Hooks run in this order, so the processes have ended before the folder is removed.
  owner.after(() => Promise.all(programs.map(endProgram)))
  const folder = temporaryFolder(owner)
  const port = await freePortRange(2)
  const configuration = join(folder, 'ceph.conf')
  const clusterId = randomUUID()
  writeFileSync(configuration, cephSettings({ folder, clusterId, monitorPort: port, gatewayPort: port + 1 }))
  for (const name of ['monitor', 'osd']) mkdirSync(join(folder, name))

  const programOf = (name: string) => join(dirname(radosgw), name)
  const run = (name: string, ...args: string[]) =>
    execute(programOf(name), ['-c', configuration, ...args], { timeout: 30_000 })
  const start = (name: string, ...args: string[]) => {
    const command = [programOf(name), '-c', configuration, ...args, '-f'] as const
    // The hook above ends it. A hook that a restart within a subtest adds would end the process with that subtest.
    const program = startProgram({ after: () => undefined }, command)
    programs.push(program)
    return program
  }

  const map = join(folder, 'monitors')
  const address = `v2:${host}:${port}`
  await execute(programOf('monmaptool'), ['--create', '--fsid', clusterId, '--addv', 'a', address, map])
  await run('ceph-mon', '-i', 'a', '--mkfs', '--monmap', map)
  start('ceph-mon', '-i', 'a')
  const osdId = randomUUID()
  await run('ceph', '--connect-timeout', '20', 'osd', 'new', osdId)
  await run('ceph-osd', '-i', '0', '--mkfs', '--osd-uuid', osdId)
  start('ceph-osd', '-i', '0')

  const url = `http://${host}:${port + 1}`
  const startGateway = async () => {
    const gateway = start('radosgw', '-n', 'client.gateway')
    await untilAlive('radosgw', gateway, async () => {
      const response = await fetch(url, { signal: AbortSignal.timeout(2000) })
      return response.ok && (await response.text()) !== ''
    })
    return gateway
  }
  let program = await startGateway()
  const key = { accessKeyId: 'darkroom', secretAccessKey: randomUUID() }
  const keyOptions = [`--access-key=${key.accessKeyId}`, `--secret-key=${key.secretAccessKey}`]
  await run(
    'radosgw-admin',
    ...['-n', 'client.gateway', 'user', 'create', '--uid=darkroom', '--display-name=Darkroom'],
    ...keyOptions,
  )
  return {
    url,
    ...key,
    get program() {
      return program
    },
    kill: () => endProgram(program),
    async restart() {
      program = await startGateway()
    },
  }
}

const host = '127.0.0.1'

async function endProgram(program: Program): Promise<void> {
  program.signal('SIGKILL')
  await program.ended
}

/** Settings for one copy of all data, no authentication between the parts, and no delay to batch changes. */
function cephSettings(options: {
  folder: string
  clusterId: string
  monitorPort: number
  gatewayPort: number
}): string {
  const { folder, clusterId, monitorPort, gatewayPort } = options
  const settings = {
    fsid: clusterId,
    'mon host': `v2:${host}:${monitorPort}`,
    'public addr': host,
    'public network': '127.0.0.0/8',
    'auth cluster required': 'none',
    'auth service required': 'none',
    'auth client required': 'none',
    'ms mon client mode': 'crc', // radosgw's default "secure" would require keys
    'admin socket': '',
    'pid file': '',
    'run dir': folder,
    'log file': '/dev/null',
    'mon cluster log file': '/dev/null',
    'mon data': join(folder, 'monitor'),
    'mon allow pool size one': 'true',
    'mon data avail warn': '2',
    'mon data avail crit': '1',
    'paxos propose interval': '0.01',
    'paxos min wait': '0.01',
    'osd data': join(folder, 'osd'),
    'osd objectstore': 'memstore',
    'osd pool default size': '1',
    'osd pool default min size': '1',
    'osd pool default pg num': '1',
    'osd pool default pgp num': '1',
    'osd crush chooseleaf type': '0',
    'rgw frontends': `beast endpoint=${host}:${gatewayPort}`,
    'rgw run sync thread': 'false',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return `[global]\n${lines.join('\n')}\n`
}
