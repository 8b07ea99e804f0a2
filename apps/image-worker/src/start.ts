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
import { decodedTypes } from './develop/decode/decoded-types.ts'
import { Pool } from './pool/pool.ts'

export { Config } from './config.ts'

/** The share of the drain time for finishing work; the rest is for returning unfinished work. */
const workingShare = 0.8

interface ProcessControl {
  pid: number
  /** Ends the process at once: if native code doesn't return, nothing else can stop it. */
  kill(): void
}

/** Starts the worker: its threads pull work, and it serves its health over HTTP. */
export async function start(
  { workerToken, ...given }: Config,
  logger: Logger,
  process: ProcessControl,
): Promise<RunningService> {
  const clusterToken = workerToken ?? given.clusterToken
  const config = { ...given, ...(clusterToken !== undefined && { clusterToken }) }
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
        stuck: () => void service.close().finally(() => process.kill()),
      }),
    findMaster: async () => {
      const prefix = registrationPrefix('image-master')
      const { body } = await clients.kv.listKeys({ querystring: { prefix, limit: 1 } })
      if (body.keys.length === 0)
        throw new ServiceUnavailable('image-master', new Error('no image-master is registered'))
    },
  })
  const decodes = decodedTypes()
  logger.info({ decodes }, 'decoding these optional image types')
  const labels = { decodes, worker: name, threads: config.threads }
  const service = await startService({ app, name: 'image-worker', config, clients, labels, logger })
  return service
}
