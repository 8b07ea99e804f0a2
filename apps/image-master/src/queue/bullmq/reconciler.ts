import type { Client, Task, taskDbRoutes } from '@darkroom/contracts'
import { type Logger, repeat, ServiceUnavailable } from '@darkroom/service-kit'
import type { QueueRedis } from './queue-redis.ts'
import type { TaskJobs } from './task-jobs.ts'

const pageSize = 200
/** Bounds what is held in memory; MAX_QUEUED keeps a queue about as long. */
const mostAtOnce = 10_000

interface ReconcilerOptions {
  redis: Pick<QueueRedis, 'isReady' | 'onReady'>
  jobs: Pick<TaskJobs, 'add' | 'countWaiting' | 'findActive' | 'findUnknown' | 'follow' | 'removeEnded'>
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
  everyMs: number
}

/**
 * Queues the tasks that are not started and that Redis doesn't know: because it was away when they came, was
 * restarted empty, or took a task for ended that waits again (given up too early, or restored from a backup). Jobs
 * that Redis keeps for a dead worker longer than the task DB does (its clock was set back) are put back. Two that do
 * so at once do no harm, as a job that is known and has not ended is left as it is.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions
  readonly #closing = new AbortController()
  readonly #repeating: Promise<void>
  /** Where the next run goes on. */
  #cursor: string | undefined
  #running: Promise<void> | undefined
  /** Tasks that were not started when Redis took them for being worked on, by their id and version. */
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
      if (count > 0) logger.info({ count }, 'tasks that Redis did not know are queued')
    } catch (error) {
      this.#cursor = undefined // the task DB may be another one, which did not give it out
      // That Redis is away or full was said once.
      const isSaid = error instanceof ServiceUnavailable && error.service === 'Redis'
      logger[isSaid ? 'debug' : 'warn'](
        { err: error },
        'the queue could not be compared with the task DB; later again',
      )
    }
  }

  /**
   * In step, it costs two counts. Otherwise it reads one page of what waits, and more only for as long as they
   * hold tasks that are missing; the next run goes on from there.
   *
   * Jobs too many may hide as many tasks that are missing. They are found out when they are fetched, and then
   * the counts differ.
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
    } while (found > 0 && this.#cursor !== undefined && missing.length < mostAtOnce)
    this.#held = held
    missing.reverse() // the task DB lists the newest first
    for (let n = 0; n < missing.length; n += pageSize) await jobs.add(missing.slice(n, n + pageSize))
    return missing.length
  }

  /**
   * Between fetching a job and claiming its task there are milliseconds. A job that is active in two runs, and its task
   * in neither, belongs to nobody; or it is set aside for want of a worker that can do it, and to put it back then only
   * lets it be fetched again. Answers those that were found active now.
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
