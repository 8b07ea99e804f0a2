import assert from 'node:assert/strict'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { Member } from '@darkroom/contracts'
import { type ServiceProcess, startService, temporaryFolder, until } from '@darkroom/testing'

export interface Cluster {
  readonly kv: ServiceProcess
  /** Starts the node with this number on its folder, which keeps its state. */
  start(number: number): Promise<ServiceProcess>
  folder(number: number): string
}

/** Nodes as processes, which find each other through their own kv-config. All end with the test. */
export async function startCluster(t: TestContext): Promise<Cluster> {
  const data = temporaryFolder(t)
  const token = { CLUSTER_TOKEN: clusterToken }
  const kv = await startService(t, 'kv-config', { ...token, DATA_DIR: join(data, 'kv') })
  const folder = (number: number) => join(data, `node-${number}`)
  return {
    kv,
    folder,
    start: number => startService(t, 'cluster-state', { ...token, KV_URL: kv.url, DATA_DIR: folder(number) }),
  }
}

const clusterToken = 'a-token-of-the-whole-cluster'

export async function ask(node: ServiceProcess, path: string, method = 'GET'): Promise<string> {
  const response = await fetch(node.url + path, {
    method,
    headers: { authorization: `Bearer ${clusterToken}` },
    signal: AbortSignal.timeout(10_000),
  })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  return text
}

export function post(node: ServiceProcess, path: string): Promise<string> {
  return ask(node, path, 'POST')
}

/** The node's own entry among its members, once it has joined. */
export function selfOf(node: ServiceProcess): Promise<Member> {
  return until('the node has joined', async () => JSON.parse(await ask(node, '/members')).self as Member)
}

/** Waits until each node considers all others alive. */
export async function untilAllMeet(nodes: readonly ServiceProcess[]): Promise<void> {
  for (const node of nodes) {
    await until('the node lists the others', async () => {
      const { members }: { members: Member[] } = JSON.parse(await ask(node, '/members'))
      const urls = new Set(members.map(({ url }) => url))
      return nodes.every(other => other === node || urls.has(other.url))
    })
  }
}

/** Waits until every node gives this response. */
export async function untilAllAnswer(
  nodes: readonly ServiceProcess[],
  path: string,
  expected: string,
): Promise<void> {
  for (const node of nodes) {
    await until(`${path} of ${node.url} is ${expected}`, async () => (await ask(node, path)) === expected)
  }
}
