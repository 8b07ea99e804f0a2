import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import * as clusterState from '@darkroom/cluster-state'
import * as kvConfig from '@darkroom/kv-config'
import { createLogger, loadConfig, type RunningService, ServiceClients } from '@darkroom/service-kit'
import * as storage from '@darkroom/storage'
import * as taskDb from '@darkroom/task-db'
import { freePort, type Owner, storedBlobs, until } from '@darkroom/testing'

export const logger = createLogger('test', 'silent')

export interface Neighbours {
  /** The environment variables with which another service finds these. */
  env: Record<string, string>
  /** Folder of the embedded engines. */
  dataDir: string
  clients: ServiceClients
  kv: RunningService
  clusterState: RunningService
  storage: RunningService
  taskDb: RunningService
  startTaskDb(): Promise<RunningService>
  /** Starts the storage again, on the same folder. */
  startStorage(): Promise<RunningService>
  /** Starts another cluster-state, without the earlier state. */
  startClusterState(): Promise<RunningService>
  /** Closed when the test has ended, before what was deferred earlier. */
  defer(close: () => Promise<unknown>): void
}

/**
 * Starts a kv-config, a cluster-state, a task DB and a storage for one test, on a temporary folder and free ports. Their
 * timeouts are short. `settings` are their environment variables.
 */
export async function startNeighbours(
  owner: Owner,
  settings: Record<string, string> = {},
): Promise<Neighbours> {
  const stack = new AsyncDisposableStack()
  owner.after(() => stack.disposeAsync())
  const dataDir = mkdtempSync(join(tmpdir(), 'darkroom-'))
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }))
  const port = String(await freePort())
  const env = {
    PORT: '0',
    KV_URL: `http://127.0.0.1:${port}`,
    DATA_DIR: dataDir,
    LOG_LEVEL: 'silent',
    DRAIN_MS: '1000',
    EXPIRY_CHECK_MS: '100',
    MIN_FREE_BYTES: '0',
    ...settings,
  }
  const running = async (starting: Promise<RunningService>) => {
    const service = await starting
    stack.defer(service.close)
    return service
  }
  const startStorage = () => running(storage.start(loadConfig(storage.Config, env), logger))
  const startTaskDb = () => running(taskDb.start(loadConfig(taskDb.Config, env), logger))
  const startClusterState = async () => {
    const service = await running(clusterState.start(loadConfig(clusterState.Config, env), logger))
    await until('cluster-state is found', () => clients.clusterState.listMembers({}))
    return service
  }
  const kv = await running(kvConfig.start(loadConfig(kvConfig.Config, { ...env, PORT: port }), logger))
  const clients = new ServiceClients({
    kvUrl: env.KV_URL,
    clusterToken: settings.CLUSTER_TOKEN,
    logger,
    timeoutMs: 1500,
  })
  stack.defer(() => clients.close())
  const neighbours = {
    kv,
    // It starts before the other services, which send their last counts to it when they close.
    clusterState: await startClusterState(),
    storage: await startStorage(),
    taskDb: await startTaskDb(),
  }
  // On a busy machine, registration can take longer than the clients' timeout.
  await until('the task DB is found', () => clients.taskDb.getStats({}))
  const none = { params: { key: 'none', stage: 'pre' }, headers: {} } as const
  await until('the storage is found', () => clients.storage.headBlob(none))
  return {
    ...neighbours,
    env,
    dataDir,
    clients,
    startTaskDb,
    startStorage,
    startClusterState,
    defer: close => stack.defer(async () => void (await close())),
  }
}

/** The names of all blobs of the storage, also of blobs that are still being written. */
export function blobNames({ dataDir }: Pick<Neighbours, 'dataDir'>): string[] {
  return storedBlobs(join(dataDir, 'storage')).map(path => basename(path))
}
