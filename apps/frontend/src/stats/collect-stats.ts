import type { Stats, Task } from '@darkroom/contracts'
import { checkHealth, type Logger, type ServiceClients, withoutCredentials } from '@darkroom/service-kit'
import type { IntakeGate } from '../intake/intake-gate.ts'
import type { LoadHistory } from './load-history.ts'
import { listRegistered, type Registered } from './registry.ts'
import { describeWorkers } from './workers.ts'

const answerMs = 3000
/** Shorter than the timeout for all services together, so that a service that doesn't respond doesn't hide the others. */
const healthMs = 2000
/** The most images in progress that are read: more than any fleet has threads. */
const maxInProgress = 5000

export interface StatsSources {
  clients: Pick<ServiceClients, 'imageMaster' | 'kv' | 'storage' | 'taskDb'>
  intake: Pick<IntakeGate, 'state'>
  load: Pick<LoadHistory, 'samples'>
  logger: Logger
}

/** Reads the figures of all services at the same time. The parts of services that do not answer are absent. */
export async function collectStats({ clients, intake, load, logger }: StatsSources): Promise<Stats> {
  const signal = AbortSignal.timeout(answerMs)
  const { imageMaster, kv, storage, taskDb } = clients
  const ask = async <Result>(part: string, response: Promise<Result>): Promise<Result | undefined> => {
    try {
      return await response
    } catch (error) {
      logger.debug({ err: error, part }, 'a part of the stats is missing')
      return undefined
    }
  }
  const [counts, lastHour, limits, stored, inProgress, registered] = await Promise.all([
    ask('images', taskDb.getStats({ signal })),
    ask('lastHour', taskDb.getLastHour({ signal })),
    ask('queue', imageMaster.getLimits({ signal })),
    ask('disk', storage.getStats({ signal })),
    ask('workers', listInProgress(taskDb, signal)),
    ask('services', listRegistered(kv, signal)),
  ])
  const services = registered && (await checkAll(registered))
  return {
    at: new Date().toISOString(),
    ...(counts && countsOf(counts.body, limits?.body)),
    intake: intake.state,
    ...(lastHour && { lastHour: lastHour.body }),
    load: [...load.samples],
    ...(registered && inProgress && { workers: describeWorkers(registered, inProgress) }),
    ...(services && { services }),
    ...(stored?.body.disk && { disk: stored.body.disk }),
  }
}

function countsOf(
  { oldestNotStartedAt, ...images }: NonNullable<Stats['images']> & { oldestNotStartedAt?: string },
  limits: { maxQueued: number; maxQueuedPerOwner: number } | undefined,
): Pick<Stats, 'images' | 'queue'> {
  return {
    images,
    queue: {
      waiting: images['not-started'],
      ...(oldestNotStartedAt !== undefined && { oldestAt: oldestNotStartedAt }),
      ...(limits && { limit: limits.maxQueued, limitPerOwner: limits.maxQueuedPerOwner }),
    },
  }
}

async function listInProgress(taskDb: ServiceClients['taskDb'], signal: AbortSignal): Promise<Task[]> {
  const tasks: Task[] = []
  let cursor: string | undefined
  do {
    const { body } = await taskDb.listTasks({
      querystring: { state: 'in-progress', limit: 1000, ...(cursor !== undefined && { cursor }) },
      signal,
    })
    tasks.push(...body.tasks)
    cursor = body.next
  } while (cursor !== undefined && tasks.length < maxInProgress)
  return tasks
}

/** Checks the health of all services except workers: there may be hundreds, and their registration ends when they end. */
function checkAll(registered: readonly Registered[]): Promise<NonNullable<Stats['services']>> {
  const services = registered.filter(({ service }) => service !== 'image-worker')
  return Promise.all(
    services.map(async ({ service, instance, registration: { url, engine } }) => {
      const problem = await checkHealth(url, healthMs)
      return {
        service,
        instance,
        url: withoutCredentials(url),
        ...(engine !== undefined && { engine }),
        isReady: problem === undefined,
        ...(problem !== undefined && { problem }),
      }
    }),
  )
}
