import { join } from 'node:path'
import { freePortRange } from '../free-port-range.ts'
import type { Owner } from '../owner.ts'
import { pauseProcess } from '../pause-process.ts'
import { type Program, startProgram } from '../program.ts'
import { untilAlive } from '../start-service.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'

export interface EtcdMember {
  readonly name: string
  /** host:port for clients. */
  readonly client: string
  /** The address for other members. */
  readonly peerUrl: string
  /** The current process, or the last process if it has ended. */
  readonly program: Program
  /** Kills by SIGKILL; resolves when the process has ended. */
  kill(): Promise<void>
  /** Starts it again with its data; resolves when it answers, for which it needs a quorum. */
  restart(): Promise<void>
  /** Stops it by SIGSTOP; resolves when every thread has stopped. */
  pause(): Promise<void>
  resume(): void
}

export interface EtcdServers {
  readonly members: readonly EtcdMember[]
  /** The addresses of all members, as in a KV_STORE_URL: host:port,host:port. */
  readonly clients: string
  /** The leader, once all members agree on it; `among` must contain only running members. */
  leader(among?: readonly EtcdMember[]): Promise<EtcdMember>
  /** Sends a POST to the JSON gateway of a running member: `/v3/<path>`. */
  post(path: string, body: object, headers?: Record<string, string>): Promise<unknown>
}

const host = '127.0.0.1'

/** A cluster of etcd with its usual timing (heartbeat 100 ms, election 1 s), which ends with the test. */
export async function startEtcd(
  owner: Owner,
  etcd: string,
  { members: count = 1 }: { members?: number } = {},
): Promise<EtcdServers> {
  const members: EtcdMember[] = []
  // Hooks run in this order, so the processes have ended before the folder is removed.
  owner.after(() => Promise.all(members.map(member => member.kill())))
  const folder = temporaryFolder(owner)
  const firstPort = await freePortRange(2 * count)
  const addresses = Array.from({ length: count }, (_, n) => ({
    name: `etcd-${n + 1}`,
    client: `${host}:${firstPort + 2 * n}`,
    peerUrl: `http://${host}:${firstPort + 2 * n + 1}`,
  }))
  const initialCluster = addresses.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join()
  for (const address of addresses)
    members.push(runMember(owner, etcd, { ...address, folder, initialCluster }))
  await Promise.all(members.map(untilHealthy))

  const leader = (among: readonly EtcdMember[] = members) =>
    until('etcd has a leader', async () => {
      const statuses = await Promise.all(among.map(status))
      const leaders = new Set(statuses.map(({ leader }) => leader))
      return (
        leaders.size === 1 && among[statuses.findIndex(({ header, leader }) => header.member_id === leader)]
      )
    })
  const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
    const [{ client }] = members as [EtcdMember]
    const response = await postJson(client, path, body, headers)
    if (!response.ok) throw new Error(`etcd answers ${response.status}: ${await response.text()}`)
    return response.json()
  }
  return { members, clients: members.map(({ client }) => client).join(), leader, post }
}

function runMember(
  owner: Owner,
  etcd: string,
  options: { name: string; client: string; peerUrl: string; folder: string; initialCluster: string },
): EtcdMember {
  const { name, client, peerUrl, folder, initialCluster } = options
  const args = [
    ...['--name', name, '--data-dir', join(folder, name), '--log-level', 'error'],
    ...['--listen-client-urls', `http://${client}`, '--advertise-client-urls', `http://${client}`],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', initialCluster, '--initial-cluster-token', folder],
  ]
  const run = () => startProgram(owner, [etcd, ...args])
  let program = run()
  const member: EtcdMember = {
    name,
    client,
    peerUrl,
    get program() {
      return program
    },
    async kill() {
      program.signal('SIGKILL')
      await program.ended
    },
    async restart() {
      program = run()
      await untilHealthy(member)
    },
    pause: () => pauseProcess(program.pid),
    resume: () => program.signal('SIGCONT'),
  }
  return member
}

/** Waits until a member is healthy: it has committed an entry, so its cluster has a leader. */
function untilHealthy({ name, client, program }: EtcdMember): Promise<void> {
  return untilAlive(name, program, async () => {
    const response = await fetch(`http://${client}/health`, { signal: AbortSignal.timeout(2000) })
    return ((await response.json()) as { health: string }).health === 'true'
  })
}

interface Status {
  header: { member_id: string }
  leader?: string
}

async function status({ client }: EtcdMember): Promise<Status> {
  return (await postJson(client, 'maintenance/status', {})).json() as Promise<Status>
}

function postJson(client: string, path: string, body: object, headers: Record<string, string> = {}) {
  return fetch(`http://${client}/v3/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5000),
  })
}
