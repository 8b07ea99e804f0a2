import { createLogger, ServiceClients } from '@darkroom/service-kit'
import { freePort, type ServiceProcess, startService, temporaryFolder } from '@darkroom/testing'
import type { Owner } from './owner.ts'

/**
 * Starts all services but the workers, each as a separate process on the embedded engines, and clients of them. `settings`
 * are for all services.
 */
export async function startSeparateServices(
  owner: Owner,
  settings: Readonly<Record<string, string>> = {},
): Promise<{ frontend: ServiceProcess; clients: ServiceClients }> {
  const kvPort = String(await freePort())
  const shared = {
    KV_URL: `http://127.0.0.1:${kvPort}`,
    CLUSTER_TOKEN: 'the-token-of-the-benchmark',
    DATA_DIR: temporaryFolder(owner),
    MIN_FREE_BYTES: '0',
    ...settings,
  }
  for (const name of ['kv-config', 'cluster-state', 'task-db', 'storage', 'image-master'])
    await startService(owner, name, { ...shared, ...(name === 'kv-config' && { PORT: kvPort }) })
  const frontend = await startService(owner, 'frontend', shared)
  const clients = new ServiceClients({
    ...{ kvUrl: shared.KV_URL, clusterToken: shared.CLUSTER_TOKEN, logger: createLogger('bench', 'silent') },
    timeoutMs: 10_000,
  })
  owner.after(() => clients.close())
  return { frontend, clients }
}
