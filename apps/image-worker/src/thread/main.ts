import { parentPort, workerData } from 'node:worker_threads'
import { variantsAbility } from '@darkroom/contracts'
import { createLogger, releaseMemoryAtRest, ServiceClients } from '@darkroom/service-kit/clients'
import sharp from 'sharp'
import { allowOnlyOurLoaders } from '../develop/allow-loaders.ts'
import { decodedTypes } from '../develop/decode/decoded-types.ts'
import { develop } from '../develop/develop.ts'
import type { ThreadData } from './protocol.ts'
import { openThreadPort } from './thread-port.ts'
import { workUntilDrained } from './work-loop.ts'

if (!parentPort) throw new Error('this file is the main module of a worker thread')
const data = workerData as ThreadData

// Many images at once, each on one core, are faster than one image on many cores; and sharp's cache never helps,
// because no image comes twice.
sharp.concurrency(1)
sharp.cache(false)
allowOnlyOurLoaders(data.loadersAreSet)

/**
 * Longer than the master works on a request during an outage of the task DB, which is 15 s: if the master leases work after
 * the thread has given up, nobody has that work until its lease expires.
 */
const responseTimeoutMs = 20_000

const logger = createLogger('image-worker', data.logLevel).child({ thread: data.name })
const clients = new ServiceClients({ ...data, logger, timeoutMs: 45_000, responseTimeoutMs })
const { draining, report, lostLease, reserve, runAlone, close } = openThreadPort(parentPort)

releaseMemoryAtRest()
await workUntilDrained({
  name: data.name,
  decodes: [...decodedTypes(), variantsAbility],
  clients,
  logger,
  draining,
  develop: (input, operations, shared) => develop(input, operations, data, reserve, shared),
  report,
  lostLease,
  runAlone,
})
await clients.close()
close()
