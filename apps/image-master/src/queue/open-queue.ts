import { type Engines, engineFor, engineUrlPattern, InvalidConfig } from '@darkroom/service-kit'
import type { OpenedQueue, QueueDependencies, QueueSettings } from './queue-engine.ts'
import { TaskDbQueue } from './task-db.ts'

const engines: Engines<(settings: QueueSettings, dependencies: QueueDependencies) => Promise<OpenedQueue>> = {
  'task-db:': async ({ leaseMs }, { taskDb }) => ({ queue: new TaskDbQueue({ taskDb, leaseMs }) }),
  'rediss?://.+': async (settings, dependencies) => {
    // Imported only when needed: BullMQ and its board take time to load, and memory.
    const { openBullMq } = await import('./bullmq/open-bullmq.ts')
    return openBullMq(settings, dependencies)
  },
}

/** The pattern of QUEUE_URL. */
export const queueUrlPattern = engineUrlPattern(engines)

/**
 * Opens the queue that QUEUE_URL selects.
 *
 * @throws InvalidConfig; its message omits the password
 */
export async function openQueue(
  settings: QueueSettings,
  dependencies: QueueDependencies,
): Promise<OpenedQueue> {
  if (!URL.canParse(settings.queueUrl))
    throw new InvalidConfig([
      'QUEUE_URL is not a valid URL: its port must be 1–65535, and special characters in its password must be percent-encoded',
    ])
  return engineFor(engines, settings.queueUrl)(settings, dependencies)
}
