import type { Client, Task, taskDbRoutes } from '@darkroom/contracts'
import { type Logger, repeat, ServiceUnavailable } from '@darkroom/service-kit'
import type { QueueRedis } from './queue-redis.ts'
import type { TaskJobs } from './task-jobs.ts'

const pageSize = 200
/** Limits the memory for ids; MAX_QUEUED limits the queue to about as many. */
const maxAtOnce = 10_000

interface ReconcilerOptions {
  redis: Pick<QueueRedis, 'isReady' | 'onReady'>
  jobs: Pick<TaskJobs, 'add' | 'countWaiting' | 'findActive' | 'findUnknown' | 'follow' | 'removeEnded'>
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
  everyMs: number
}

/**
 * Adds tasks that wait but are missing in Redis: Redis did not answer when they came, was restarted empty, or has an ended
 * job for a task that waits again (Redis gave the job up too early, or the task DB was restored from a backup). Also puts
 * back jobs that Redis, whose clock was set back, keeps for a dead worker longer than the task DB does. Two reconcilers may
 * run at once, because they don't change a job that has not ended.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #closing = new AbortController()
  readonly #repeating: Promise<void>
  /** Where the next run continues. */
  #cursor: string | undefined
  #running: Promise<void> | undefined
  /** Tasks that were not started while Redis had them as active, by id and version. */
  #held = new Set<string>()

  constructor(options: ReconcilerOptions) {
    this.#options = options
    this.#repeating = repeat(options.everyMs, this.#closing.signal, () => this.#runOnce())
    options.redis.onReady(() => void this.#runOnce())
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#repeating
    await this.#running
  }

  #runOnce(): Promise<void> {
    this.#running ??= this.#tryRun().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #tryRun(): Promise<void> {
    const { redis, logger } = this.#options
    if (!redis.isReady || this.#closing.signal.aborted) return
    try {
      const count = await this.#run()
      if (count > 0) logger.info({ count }, 'queued tasks that were missing in Redis')
    } catch (error) {
      this.#cursor = undefined // the task DB may have been replaced, and then refuses this cursor
      // The connection logs an outage of Redis.
      const isLogged = error instanceof ServiceUnavailable && error.service === 'Redis'
      logger[isLogged ? 'debug' : 'warn'](
        { err: error },
        'the queue could not be compared with the task DB; retrying later',
      )
    }
  }

  /**
   * If both agree, this costs two counts. Otherwise it reads one page of the waiting tasks, and continues while pages
   * contain missing tasks; the next run continues from there.
   *
   * Surplus jobs can hide missing tasks, because the counts are then equal. Once the surplus jobs are fetched, the counts
   * differ.
   */
  async #run(): Promise<number> {
    const { jobs, taskDb } = this.#options
    const [{ body: stats }, waiting] = await Promise.all([taskDb.getStats({}), jobs.countWaiting()])
    if (this.#cursor === undefined && stats['not-started'] <= waiting) {
      this.#held.clear()
      return 0
    }
    const held = new Set<string>()
    const missing: Task[] = []
    let found: number
    do {
      const page = await this.#readPage()
      const ids = page.map(({ id }) => id)
      await jobs.removeEnded(ids)
      for (const key of await this.#putBackHeld(page)) held.add(key)
      const unknown = new Set(await jobs.findUnknown(ids))
      missing.push(...page.filter(({ id }) => unknown.has(id)))
      found = unknown.size
    } while (found > 0 && this.#cursor !== undefined && missing.length < maxAtOnce)
    this.#held = held
    missing.reverse() // the task DB lists the newest first
    for (let n = 0; n < missing.length; n += pageSize) await jobs.add(missing.slice(n, n + pageSize))
    return missing.length
  }

  /**
   * Between fetching a job and claiming its task are milliseconds. So a job that is active in two runs, while its task
   * is not, has no worker; or it is set aside because no worker can do it, and putting it back only lets it be fetched
   * again. Returns the ids that are active now.
   */
  async #putBackHeld(page: readonly Task[]): Promise<string[]> {
    const { jobs } = this.#options
    const active = new Set(await jobs.findActive(page.map(({ id }) => id)))
    const keys: string[] = []
    for (const task of page.filter(({ id }) => active.has(id))) {
      const key = `${task.id} ${task.version}`
      if (this.#held.has(key)) await jobs.follow(task.id, task)
      else keys.push(key)
    }
    return keys
  }

  async #readPage(): Promise<Task[]> {
    const { body } = await this.#options.taskDb.listTasks({
      querystring: {
        state: 'not-started',
        limit: pageSize,
        ...(this.#cursor !== undefined && { cursor: this.#cursor }),
      },
    })
    this.#cursor = body.next
    return body.tasks
  }
}
