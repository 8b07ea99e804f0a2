import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  type HostNetwork,
  mainOf,
  makeNetwork,
  type NetworkHost,
  type Program,
  startProgram,
  startSerf,
  until,
} from '@darkroom/testing'

const token = 'a-token-of-this-test'
const port = 8085

/** A node of cluster-state on its own host, with a Serf agent. */
export interface HostedNode {
  /** @throws Error when the node doesn't answer */
  ask(method: 'GET' | 'POST', path: string): Promise<{ status: number; body: string }>
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** Starts it again on its old disk; resolves when it is ready. */
  restart(): Promise<void>
}

interface ClusterOfHosts {
  readonly nodes: readonly HostedNode[]
  /** The hosts of the nodes, in the same order, and one more for the requests of the test. */
  readonly network: HostNetwork
}

/** Starts `count` nodes in one cluster, each with its own agent and network namespace. */
export async function startHosts(t: TestContext, serf: string, count: number): Promise<ClusterOfHosts> {
  const folder = mkdtempSync(join(tmpdir(), 'darkroom-'))
  const network = makeNetwork(t, count + 1)
  const hosts = network.hosts.slice(0, count)
  const socketOf = ({ address }: NetworkHost) => join(folder, address)

  const relay = startProgram(t, [
    ...(network.hosts[count] as NetworkHost).within,
    ...[process.execPath, fileURLToPath(new URL('relay.ts', import.meta.url))],
    ...hosts.map(host => `${socketOf(host)}=${host.address}:${port}`),
  ])
  await until('the relay is up', () => relay.stdout.includes('relaying'))

  const nodes: HostedNode[] = []
  for (const host of hosts) {
    const { address, within } = host
    await startSerf(t, serf, {
      ...{ name: address, rpc: '127.0.0.1:7373', gossip: `${address}:7946`, within },
      join: [`${hosts[0]?.address}:7946`],
      // With the default of half a minute, a healed partition would not be noticed for as long.
      settings: { reconnect_interval: '1s' },
    })
    nodes.push(hostedNode(t, host, { dataDir: join(folder, `data-${address}`), socket: socketOf(host) }))
  }
  await Promise.all(nodes.map(node => node.restart()))
  t.after(() => rmSync(folder, { recursive: true, force: true })) // after the last process that writes to it
  await untilMembers(nodes, count - 1)
  return { nodes, network }
}

/** Waits until each of these nodes has `count` other members. */
export async function untilMembers(nodes: readonly HostedNode[], count: number): Promise<void> {
  await until(`each node has ${count} other members`, async () =>
    (await Promise.all(nodes.map(memberCount))).every(known => known === count),
  )
}

export async function memberCount(node: HostedNode): Promise<number> {
  const { body } = await node.ask('GET', '/members')
  return JSON.parse(body).members.length
}

function hostedNode(
  t: TestContext,
  { address, within }: NetworkHost,
  { dataDir, socket }: { dataDir: string; socket: string },
): HostedNode {
  let program: Program | undefined
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  const ask: HostedNode['ask'] = async (method, path) => {
    const headers = { authorization: `Bearer ${token}` }
    const sent = request({ agent, socketPath: socket, method, path, headers, timeout: 10_000 }).end()
    sent.on('timeout', () => sent.destroy(new Error(`${address} does not answer`)))
    const [response] = await once(sent, 'response')
    return { status: response.statusCode, body: await text(response) }
  }
  return {
    ask,
    async kill() {
      program?.signal('SIGKILL')
      await program?.ended
    },
    async restart() {
      program = startProgram(t, [...within, process.execPath, mainOf('cluster-state')], {
        ...{ HOST: address, PORT: String(port), CLUSTER_TOKEN: token, DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
        MEMBERSHIP_URL: 'serf://127.0.0.1:7373',
      })
      const isReady = async () => (await ask('GET', '/readyz')).status === 200
      await until(`the node on ${address} is ready`, isReady)
    },
  }
}
