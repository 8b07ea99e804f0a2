import * as clusterState from '@darkroom/cluster-state'
import type { ServiceName } from '@darkroom/contracts'
import * as frontend from '@darkroom/frontend'
import * as imageMaster from '@darkroom/image-master'
import * as kvConfig from '@darkroom/kv-config'
import {
  createLogger,
  httpUrl,
  InProcessServices,
  loadConfig,
  type RunningService,
} from '@darkroom/service-kit'
import * as storage from '@darkroom/storage'
import * as taskDb from '@darkroom/task-db'
import { environmentOf, portOf, type Settings } from './settings.ts'
import type { SupervisedWorker } from './supervised-worker.ts'

export interface AllServices {
  services: { name: ServiceName; url: string }[]
  close(): Promise<void>
}

/**
 * Starts all services in this process, each on its own port; the image-worker runs in a separate process. They find each
 * other through kv-config, as always. The worker is closed with them, also when they can't start.
 */
export async function startAllServices(
  settings: Settings & { clusterToken: string },
  env: NodeJS.ProcessEnv,
  worker: SupervisedWorker,
): Promise<AllServices> {
  await using started = new AsyncDisposableStack()
  started.defer(() => worker.close())
  const services: RunningService[] = []
  const inProcess = new InProcessServices()
  const envOf = (name: ServiceName) => environmentOf(name, settings, env)
  const loggerOf = (name: ServiceName) => createLogger(name, settings.logLevel)
  const add = (service: RunningService) => {
    services.push(service)
    started.defer(service.close)
  }

  // Closed in reverse order: services that others need are closed last.
  add(await kvConfig.start(loadConfig(kvConfig.Config, envOf('kv-config')), loggerOf('kv-config')))
  add(
    await clusterState.start(
      loadConfig(clusterState.Config, envOf('cluster-state')),
      loggerOf('cluster-state'),
    ),
  )
  add(await taskDb.start(loadConfig(taskDb.Config, envOf('task-db')), loggerOf('task-db'), inProcess))
  add(await storage.start(loadConfig(storage.Config, envOf('storage')), loggerOf('storage'), inProcess))
  add(
    await imageMaster.start(
      loadConfig(imageMaster.Config, envOf('image-master')),
      loggerOf('image-master'),
      inProcess,
    ),
  )
  started.defer(() => worker.close()) // while its services still answer
  add(await frontend.start(loadConfig(frontend.Config, envOf('frontend')), loggerOf('frontend'), inProcess))

  const running = started.move()
  const workerUrl = httpUrl(settings.host, portOf('image-worker', settings))
  return {
    services: [...services.map(({ name, url }) => ({ name, url })), { name: 'image-worker', url: workerUrl }],
    close: () => running.disposeAsync(),
  }
}
