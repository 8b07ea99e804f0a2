import { hostname } from 'node:os'
import { registrationPrefix } from '@darkroom/contracts'
import {
  type Logger,
  type RunningService,
  ServiceClients,
  ServiceUnavailable,
  startService,
} from '@darkroom/service-kit'
import { buildApp } from './app.ts'
import type { Config } from './config.ts'
import { decodedTypes } from './develop/decoded-types.ts'
import { Pool } from './pool/pool.ts'

export { Config } from './config.ts'

/** Of the time to drain; the rest is for handing back what has not ended by then. */
const workingShare = 0.8

export interface ProcessControl {
  pid: number
  /** Ends the process at once: when native code doesn't return, nothing else can stop it. */
  abandon(): void
}

/** The worker: its threads pull work, and it listens for questions about its health. */
export async function start(
  config: Config,
  logger: Logger,
  process: ProcessControl,
): Promise<RunningService> {
  const clients = new ServiceClients({ ...config, logger })
  const name = config.workerName ?? `${hostname()}-${process.pid}`
  const app = buildApp({
    ...config,
    logger,
    startPool: ({ workEnded }) =>
      new Pool({
        ...config,
        drainMs: workingShare * config.drainMs,
        name,
        imageMaster: clients.imageMaster,
        logger,
        workEnded,
        stuck: () => void service.close().finally(() => process.abandon()),
      }),
    findMaster: async () => {
      const prefix = registrationPrefix('image-master')
      const { body } = await clients.kv.listKeys({ querystring: { prefix, limit: 1 } })
      if (body.keys.length === 0)
        throw new ServiceUnavailable('image-master', new Error('none is registered'))
    },
  })
  const decodes = decodedTypes()
  logger.info({ decodes }, 'optional types that are decoded')
  const labels = { decodes }
  const service = await startService({ app, name: 'image-worker', config, clients, labels, logger })
  return service
}
