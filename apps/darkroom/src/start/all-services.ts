import * as clusterState from '@darkroom/cluster-state'
import type { ServiceName } from '@darkroom/contracts'
import type { Static, TObject } from '@darkroom/contracts/typebox'
import * as frontend from '@darkroom/frontend'
import * as imageMaster from '@darkroom/image-master'
import * as kvConfig from '@darkroom/kv-config'
import {
  createLogger,
  httpUrl,
  InProcessServices,
  InvalidConfig,
  type Logger,
  type RunningService,
} from '@darkroom/service-kit'
import * as storage from '@darkroom/storage'
import * as taskDb from '@darkroom/task-db'
import { environmentOf, portOf, type Settings } from '../settings.ts'
import { readConfig } from './read-config.ts'
import type { SupervisedWorker } from './supervised-worker.ts'

interface AllServices {
  services: { name: ServiceName; url: string }[]
  close(): Promise<void>
}

/**
 * Starts all services in this process, each on its own port; the image-worker runs in a separate process. They find each
 * other through kv-config, as always. The worker is closed with them, even if they can't start. It is undefined if
 * `mistakes` already contains mistakes in its settings.
 *
 * @throws InvalidConfig with these mistakes, and all others in the settings
 */
export async function startAllServices(
  settings: Settings & { clusterToken: string },
  env: NodeJS.ProcessEnv,
  worker: SupervisedWorker | undefined,
  mistakes: Set<string>,
): Promise<AllServices> {
  await using started = new AsyncDisposableStack()
  started.defer(async () => worker?.close())
  const services: RunningService[] = []
  const inProcess = new InProcessServices()
  const prepare = <Settings extends TObject>(name: ServiceName, { Config, start }: Service<Settings>) => {
    const config = readConfig(Config, environmentOf(name, settings, env), mistakes)
    return async () => {
      const service = await start(config, createLogger(name, settings.logLevel), inProcess)
      services.push(service)
      started.defer(service.close)
    }
  }

  // Closed in reverse order: services that others need are closed last.
  const starts = [
    prepare('kv-config', kvConfig),
    prepare('cluster-state', clusterState),
    prepare('task-db', taskDb),
    prepare('storage', storage),
    prepare('image-master', imageMaster),
    async () => started.defer(async () => worker?.close()), // while its services still answer
    prepare('frontend', frontend),
  ]
  if (mistakes.size > 0) throw new InvalidConfig([...mistakes])
  for (const start of starts) await start()

  const running = started.move()
  const workerUrl = httpUrl(settings.host, portOf('image-worker', settings))
  return {
    services: [...services.map(({ name, url }) => ({ name, url })), { name: 'image-worker', url: workerUrl }],
    close: () => running.disposeAsync(),
  }
}

/** The exports of a service. */
interface Service<Settings extends TObject> {
  Config: Settings
  start(config: Static<Settings>, logger: Logger, inProcess: InProcessServices): Promise<RunningService>
}
