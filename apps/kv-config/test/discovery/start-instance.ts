import { type TaskStats, taskDbRoutes } from '@darkroom/contracts'
import {
  createApp,
  createLogger,
  type RunningService,
  ServiceClients,
  startService,
} from '@darkroom/service-kit'

export const logger = createLogger('kv-config-test', 'silent')

/** A service that registers as a task DB; its number of finished tasks identifies the instance. */
export async function startInstance(kvUrl: string, instance: number): Promise<RunningService> {
  const app = createApp({ name: 'task-db', logger, checkReady: async () => undefined })
  const stats: TaskStats = { 'not-started': 0, 'in-progress': 0, finished: instance, failed: 0 }
  app.route({ ...taskDbRoutes.getStats, handler: async () => stats })
  const clients = new ServiceClients({ kvUrl, logger })
  const config = {
    host: '127.0.0.1',
    port: 0,
    kvUrl,
    logLevel: 'silent' as const,
    drainMs: 1000,
    bodyStallMs: 30_000,
    bodyMinBytesPerSecond: 500,
  }
  return startService({ app, name: 'task-db', config, clients, logger })
}
