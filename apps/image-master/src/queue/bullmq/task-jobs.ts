import { setTimeout as delay } from 'node:timers/promises'
import type { ImageFacts, Operation, Task } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'
import { ErrorCode, Job, type JobType, Queue, UnrecoverableError, Worker } from 'bullmq'
import type { ChainableCommander } from 'ioredis'
import { type QueueRedis, reasonOf } from './queue-redis.ts'

/** What a job says beside its id, which is the task's: for people who look at the queue, and which workers can do it. */
export interface JobData {
  operations: Operation[]
  /** Of the original; missing in jobs of earlier versions. */
  contentType?: string
}
export type TaskJob = Job<JobData, ImageFacts>

/**
 * One lock for all: it only says that somebody cares for the job. Who may speak for the task is decided by its
 * fencing token, in the task DB (docs/decisions/0006-bullmq-says-who-is-next.md).
 */
const lock = 'darkroom'
/** How long one blocking fetch lasts: a poll costs three commands each time. BullMQ allows 10 s. */
const blockSeconds = 5
/** A lease of 10 s is looked after every 3 s. */
const stalledChecksPerLease = 10 / 3
/** Ended jobs stay visible, for people: so many, and for so long. */
const kept = { completed: { age: 3600, count: 1000 }, failed: { age: 86_400, count: 1000 } } as const
/** What the task DB no longer has in progress may be claimable a moment later only (EXPIRY_CHECK_MS). */
const holdAtLeastMs = 250
const waitingStates = ['waiting', 'prioritized', 'delayed'] as const satisfies JobType[]

export interface TaskJobsOptions {
  redis: QueueRedis
  /** Of the queue in Redis; its keys are darkroom:<name>:… */
  name: string
  leaseMs: number
  logger: Logger
}

/** Tasks as jobs of BullMQ: id and priority are the task's, and what becomes of a job follows the task. */
export class TaskJobs {
  /** For looking at. */
  readonly queue: Queue<JobData, ImageFacts>
  readonly #worker: Worker<JobData, ImageFacts>
  readonly #redis: QueueRedis
  readonly #leaseMs: number
  readonly #closing = new AbortController()
  readonly #held = new Set<Promise<void>>()

  constructor({ redis, name, leaseMs, logger }: TaskJobsOptions) {
    this.#redis = redis
    this.#leaseMs = leaseMs
    const shared = {
      connection: redis.client,
      prefix: 'darkroom',
      skipVersionCheck: true, // warnings.ts says it better
      skipWaitingForReady: true,
    }
    this.queue = new Queue(name, {
      ...shared,
      defaultJobOptions: {
        removeOnComplete: kept.completed,
        removeOnFail: kept.failed,
        stackTraceLimit: 0,
      },
    })
    this.#worker = new Worker(name, null, {
      ...shared,
      autorun: false,
      drainDelay: blockSeconds,
      lockDuration: leaseMs,
      stalledInterval: leaseMs / stalledChecksPerLease,
      maxStalledCount: Number.MAX_SAFE_INTEGER, // attempts are counted by the task DB
    })
    const report = (error: Error) => {
      if (!redis.notice(error) && redis.isReady) logger.warn(reasonOf(error), 'BullMQ reports an error')
    }
    this.queue.on('error', report)
    this.#worker.on('error', report)
    // Anew each time: a check that fails is made again by BullMQ after 5 s only.
    redis.onReady(() => void this.#worker.startStalledCheckTimer())
  }

  /** Those known already, waiting or not, are left as they are. */
  async add(tasks: readonly Pick<Task, 'id' | 'urgency' | 'operations' | 'original'>[]): Promise<void> {
    const jobs = tasks.map(({ id, urgency, operations, original }) => ({
      name: 'develop',
      data: { operations, contentType: original.contentType },
      opts: { jobId: id, priority: urgency + 1 }, // 0 would go before all others
    }))
    await this.#redis.send(() => this.queue.addBulk(jobs))
  }

  /** Those of the ids that no job has. */
  async findUnknown(ids: readonly string[]): Promise<string[]> {
    const pipeline = this.#redis.client.pipeline()
    for (const id of ids) pipeline.exists(this.queue.toKey(id))
    const answers = await this.#redis.send(() => answersOf(pipeline))
    return ids.filter((_id, index) => answers[index] === 0)
  }

  /** Makes room for new jobs of tasks that wait again though theirs have ended: the task DB was restored, say. */
  async removeEnded(ids: readonly string[]): Promise<void> {
    const pipeline = this.#redis.client.pipeline()
    for (const id of ids) pipeline.hget(this.queue.toKey(id), 'finishedOn')
    const answers = await this.#redis.send(() => answersOf(pipeline))
    const ended = ids.filter((_id, index) => typeof answers[index] === 'string')
    // A job that somebody made anew and has fetched meanwhile is locked, and stays.
    await this.#redis.send(() => Promise.all(ended.map(id => this.queue.remove(id))))
  }

  /** Those of the ids whose job a worker seems to be at. */
  async findActive(ids: readonly string[]): Promise<string[]> {
    const pipeline = this.#redis.client.pipeline()
    for (const id of ids) pipeline.lpos(this.queue.toKey('active'), id)
    const answers = await this.#redis.send(() => pipeline.exec())
    return ids.filter((_id, index) => typeof answers?.[index]?.[1] === 'number')
  }

  countWaiting(): Promise<number> {
    return this.#redis.send(() => this.queue.getJobCountByTypes(...waitingStates))
  }

  countByState(): Promise<Record<string, number>> {
    return this.#redis.send(() => this.queue.getJobCounts(...waitingStates, 'active', 'completed', 'failed'))
  }

  /**
   * The next job, locked; undefined when there is none. `block` waits for one for a while, and is for one
   * caller at a time.
   */
  async fetch(block: boolean): Promise<TaskJob | undefined> {
    const next = () => this.#worker.getNextJob(lock, { block })
    const job = await (block ? this.#redis.sendBlocking(next) : this.#redis.send(next))
    // Marked by a master with other settings: getNextJob would hand it out for ever. If the task is still to
    // be done, the reconciler makes a new job of it.
    if (!job?.deferredFailure) return job
    await this.align(job, undefined)
    return this.fetch(false)
  }

  /** Keeps a job from being taken for stalled. */
  async renew(id: string): Promise<void> {
    await this.#redis.send(() => this.#worker.extendJobLocks([id], [lock], this.#leaseMs))
  }

  /** Brings the job of an active task to what the task DB has just said of it; without a task, it is gone. */
  async follow(id: string, task: Task | undefined): Promise<void> {
    const job = await this.#redis.send(() => Job.fromId<JobData, ImageFacts>(this.#worker, id))
    if (job) await this.align(job, task)
  }

  /** The same for a job that was fetched. */
  async align(job: TaskJob, task: Task | undefined): Promise<void> {
    try {
      if (task?.state === 'in-progress') this.#hold(job, task)
      else await this.#redis.send(() => this.#move(job, task))
    } catch (error) {
      // Another move was first. Whoever fetches the job asks the task DB again.
      if (!isOvertaken(error)) throw error
    }
  }

  /** Ready for the next fetch, before all others of its urgency; of several put back, the oldest first. */
  async putBack(job: TaskJob): Promise<void> {
    try {
      await this.#redis.send(() => this.#moveToWait(job))
    } catch (error) {
      if (!isOvertaken(error)) throw error
    }
  }

  /** BullMQ removes ended jobs only when others end. */
  async clean(): Promise<void> {
    for (const state of ['completed', 'failed'] as const)
      await this.#redis.send(() => this.queue.clean(kept[state].age * 1000, 1000, state))
  }

  /** Puts back what is held, and ends a blocking fetch. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#held)
    await this.#worker.close(true)
    await this.queue.close()
  }

  async #move(job: TaskJob, task: Task | undefined): Promise<void> {
    switch (task?.state) {
      case 'not-started':
        await this.#moveToWait(job)
        return
      case 'finished':
        await job.moveToCompleted(task.result as ImageFacts, lock, false)
        return
      case 'failed':
        await job.moveToFailed(new UnrecoverableError(task.error?.detail ?? 'failed'), lock, false)
        return
      default:
        job.opts.removeOnFail = true
        await job.moveToFailed(new UnrecoverableError('there is no such task to be done'), lock, false)
    }
  }

  async #moveToWait(job: TaskJob): Promise<void> {
    await job.moveToWait(lock)
    // BullMQ 6.7 wakes nobody for a job with a priority that is put back; a blocking fetch waits for this.
    await this.#redis.client.zadd(this.queue.toKey('marker'), 0, '0')
  }

  /**
   * Somebody else has the task's lease: Redis took the job for stalled before the task DB took the task back,
   * or only Redis has forgotten who is at work. It is kept until that lease should have ended, and put back.
   */
  #hold(job: TaskJob, { lease }: Task): void {
    const leftMs = lease ? Date.parse(lease.expiresAt) - Date.now() : 0
    const holdMs = holdAtLeastMs + Math.min(Math.max(leftMs, 0), this.#leaseMs / 2)
    const held = delay(holdMs, undefined, { signal: this.#closing.signal })
      .catch(() => undefined)
      .then(() => this.putBack(job))
      .catch(() => undefined) // Redis is away: it will take the job for stalled
      .finally(() => this.#held.delete(held))
    this.#held.add(held)
  }
}

/** Of each command. @throws the first of their errors */
async function answersOf(pipeline: ChainableCommander): Promise<unknown[]> {
  const outcomes = (await pipeline.exec()) ?? []
  return outcomes.map(([error, answer]) => {
    if (error) throw error
    return answer
  })
}

/** The job is gone, not active, or not locked. */
function isOvertaken(error: unknown): boolean {
  const overtaken: unknown[] = [ErrorCode.JobNotExist, ErrorCode.JobLockNotExist, ErrorCode.JobNotInState]
  return error instanceof Error && 'code' in error && overtaken.includes(error.code)
}
