import { setTimeout as delay } from 'node:timers/promises'
import {
  allAbilities,
  type Client,
  canDecode,
  canMake,
  type LeaseHolderEvent,
  type Results,
  type Task,
  type TaskError,
  type taskDbRoutes,
  type Work,
} from '@darkroom/contracts'
import { holdFor, type Logger, repeat, ServiceUnavailable } from '@darkroom/service-kit'
import type { Acknowledgement, HeldLease, LeaseEnd, WorkQueue } from '../queue.ts'
import { TaskLeases } from '../task-leases.ts'
import { workOf } from '../work-of.ts'
import type { TaskJob } from './job-queue.ts'
import { QueueRedis } from './queue-redis.ts'
import { Reconciler } from './reconciler.ts'
import { TaskJobs } from './task-jobs.ts'
import { WaitingLine } from './waiting-line.ts'

/** How long a job is set aside if no worker here can do it; must be shorter than the lock of the job. */
const maxAsideMs = 2000
/** On close, how long to wait for a connection that hangs. */
const lastFetchMs = 1000

export interface BullMqQueueOptions {
  /** redis:// or rediss:// */
  url: string
  taskDb: Client<typeof taskDbRoutes>
  leaseMs: number
  /** How often to look for tasks that are missing in Redis. */
  reconcileMs: number
  logger: Logger
  /** How often to remove old ended jobs. */
  cleanMs?: number
  /** Several queues, with different names, can share one Redis. */
  name?: string
}

/**
 * BullMQ on Redis or Valkey keeps the order, the task DB the state: a fetched job is claimed in the task DB before a
 * worker gets it, and every report goes to the task DB first. Why this is correct in every race:
 * docs/decisions/0006-bullmq-chooses-the-next-task.md.
 *
 *     fetch (locks the job) ──> claim in the task DB ──> worker ──> report to the task DB ──> the job follows
 *        │ no worker waits         │ refused: the job follows the task
 *        └──> put back             └──> the next job
 */
export class BullMqQueue implements WorkQueue {
  readonly jobs: TaskJobs
  readonly #redis: QueueRedis
  readonly #line: WaitingLine<TaskJob, Work>
  readonly #reconciler: Reconciler
  readonly #leases: TaskLeases
  readonly #taskDb: Client<typeof taskDbRoutes>
  readonly #leaseMs: number
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #cleaning: Promise<void>
  #closed: Promise<void> | undefined

  constructor(options: BullMqQueueOptions) {
    const { url, taskDb, leaseMs, reconcileMs, logger, cleanMs = 60_000, name = 'tasks' } = options
    this.#taskDb = taskDb
    this.#leaseMs = leaseMs
    this.#logger = logger
    this.#leases = new TaskLeases({ taskDb, leaseMs })
    const redis = new QueueRedis({ url, logger })
    const jobs = new TaskJobs({ redis, name, leaseMs, logger })
    this.#redis = redis
    this.jobs = jobs
    this.#line = new WaitingLine(
      {
        get isReady() {
          return redis.isReady
        },
        untilReady: signal => redis.untilReady(signal),
        fetch: block => jobs.fetch(block),
        putBack: job => this.#putBack(job),
      },
      logger,
      Math.min(leaseMs / 3, maxAsideMs),
    )
    this.#reconciler = new Reconciler({ redis, jobs, taskDb, logger, everyMs: reconcileMs })
    redis.onReady(() => this.#line.wake())
    this.#cleaning = repeat(cleanMs, this.#closing.signal, () =>
      this.#tryRedis('ended jobs could not be removed', () => jobs.clean()),
    )
  }

  /** Never fails: if Redis doesn't get the task now, the reconciler adds it later. */
  async add(task: Task): Promise<void> {
    if (task.state !== 'not-started') return
    await this.#tryRedis('a task could not be queued; the reconciler will add it', () =>
      this.jobs.add([task]),
    )
  }

  async next(
    worker: string,
    waitSeconds: number,
    signal: AbortSignal,
    decodes: readonly string[] = allAbilities,
  ): Promise<Work | undefined> {
    if (signal.aborted || this.#closed) return undefined
    using held = holdFor(waitSeconds)
    return await this.#line.wait(job => this.#claim(job, worker, decodes, signal), {
      timeout: held.signal,
      gone: signal,
      accepts: ({ data }) => {
        const known = data ?? {} // another program may have added the job
        return canDecode(decodes, known.contentType ?? '') && canMake(decodes, known)
      },
    })
  }

  async renew(lease: HeldLease): Promise<{ expiresAt: string } | LeaseEnd> {
    const renewed = await this.#leases.renew(lease)
    if (renewed === 'cancelled') await this.#follow(lease.id, undefined)
    if (typeof renewed === 'object')
      await this.#tryRedis('the lock of a job could not be renewed', () => this.jobs.renew(lease.id))
    return renewed
  }

  finish({ id, token }: HeldLease, results: Results): Promise<Acknowledgement> {
    return this.#report(id, { state: 'finished', token, ...results })
  }

  fail({ id, token }: HeldLease, error: TaskError, retryable: boolean): Promise<Acknowledgement> {
    return this.#report(id, { state: 'failed', token, error, retryable })
  }

  returnWork({ id, token }: HeldLease): Promise<Acknowledgement> {
    return this.#report(id, { state: 'returned', token })
  }

  async checkReady(): Promise<void> {
    await this.#redis.checkReady()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#closing.abort()
    await Promise.all([this.#reconciler.close(), this.#cleaning, this.#line.close()])
    await this.jobs.close()
    await Promise.race([this.#line.settled(), delay(lastFetchMs)])
    this.#redis.close()
  }

  /** Undefined if the task can't be claimed, or if the worker has disconnected. */
  async #claim(
    job: TaskJob,
    worker: string,
    decodes: readonly string[],
    gone: AbortSignal,
  ): Promise<Work | undefined> {
    const params = { id: job.id ?? '' }
    try {
      const body = { worker, leaseMs: this.#leaseMs, decodes: [...decodes] }
      const reply = await this.#taskDb.claimGivenTask({ params, body })
      if (reply.status === 200) {
        const work = workOf(reply.body)
        if (work.id !== job.id) await this.#exchange(job, work.id)
        if (!gone.aborted) return work
        await this.returnWork({ id: work.id, token: work.lease.token })
        return undefined
      }
      const found = reply.status === 409 ? await this.#taskDb.getTask({ params }) : reply
      await this.#tryRedis('a job could not be updated', () =>
        this.jobs.align(job, found.status === 200 ? found.body : undefined),
      )
      return undefined
    } catch (error) {
      await this.#tryRedis('a job could not be put back', () => this.jobs.putBack(job))
      throw error
    }
  }

  /** The task of a job that no worker here can do may have ended, or may have been deleted; then the job ends, too. */
  async #putBack(job: TaskJob): Promise<void> {
    if (this.#closing.signal.aborted) return this.jobs.putBack(job)
    try {
      const found = await this.#taskDb.getTask({ params: { id: job.id ?? '' } })
      await this.jobs.align(job, found.status === 200 ? found.body : undefined)
    } catch (error) {
      this.#logger.debug({ err: error }, 'the task of an unused job could not be read; the job is put back')
      await this.jobs.putBack(job)
    }
  }

  /** A more urgent task of the owner was leased instead, and the task of the job now has the turn of that task. */
  async #exchange(job: TaskJob, leasedId: string): Promise<void> {
    await this.#tryRedis('a job could not be put back; later it is treated as stalled', async () => {
      const found = await this.#taskDb.getTask({ params: { id: job.id ?? '' } })
      const task = found.status === 200 ? found.body : undefined
      if (task?.state === 'not-started') await this.jobs.exchange(job, task, leasedId)
      else await this.jobs.align(job, task)
    })
  }

  async #report(id: string, event: LeaseHolderEvent): Promise<Acknowledgement> {
    const reply = await this.#leases.report(id, event)
    if (reply.acknowledgement !== 'lost') await this.#follow(id, 'task' in reply ? reply.task : undefined)
    return reply.acknowledgement
  }

  async #follow(id: string, task: Task | undefined): Promise<void> {
    await this.#tryRedis('a job could not be updated', () => this.jobs.follow(id, task))
  }

  /** The task DB has the state already, and Redis catches up later. The connection logs an outage of Redis. */
  async #tryRedis(failure: string, action: () => Promise<void>): Promise<void> {
    try {
      await action()
    } catch (error) {
      const level = error instanceof ServiceUnavailable || !this.#redis.isReady ? 'debug' : 'warn'
      this.#logger[level]({ err: error }, failure)
    }
  }
}
