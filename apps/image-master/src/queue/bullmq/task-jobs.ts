import { type ImageFacts, type Task, TaskId } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { ErrorCode, Job, type JobType, type Queue, UnrecoverableError, type Worker } from 'bullmq'
import type { ChainableCommander } from 'ioredis'
import { HeldJobs } from './held-jobs.ts'
import { type JobData, type JobQueueOptions, kept, openJobQueue, type TaskJob } from './job-queue.ts'
import type { QueueRedis } from './queue-redis.ts'

/**
 * All masters use one lock: it only shows that the job has a worker. Whether a worker may report on the task is
 * decided by its fencing token, in the task DB (docs/decisions/0006-bullmq-chooses-the-next-task.md).
 */
const lock = 'darkroom'
const jobName = 'develop'
const waitingStates = ['waiting', 'prioritized', 'delayed'] as const satisfies JobType[]

/** Tasks as jobs of BullMQ: id and priority are the task's, and the state of a job follows the task. */
export class TaskJobs {
  /** For measurements and the board. */
  readonly queue: Queue<JobData, ImageFacts | undefined>
  readonly #worker: Worker<JobData, ImageFacts | undefined>
  readonly #redis: QueueRedis
  readonly #leaseMs: number
  readonly #held: HeldJobs

  constructor(options: JobQueueOptions) {
    const { redis, leaseMs } = options
    this.#redis = redis
    this.#leaseMs = leaseMs
    const { queue, worker } = openJobQueue(options)
    this.queue = queue
    this.#worker = worker
    this.#held = new HeldJobs(job => this.putBack(job), leaseMs / 2)
  }

  /** Jobs that exist already, waiting or not, are not changed. */
  async add(
    tasks: readonly Pick<Task, 'id' | 'urgency' | 'turn' | 'operations' | 'variants' | 'original'>[],
  ): Promise<void> {
    const jobs = tasks.map(({ id, urgency, turn, operations, variants, original: { contentType } }) => ({
      name: jobName,
      data: { ...(operations && { operations }), ...(variants && { variants }), contentType },
      opts: { jobId: id, priority: priorityOf(urgency, turn) },
    }))
    const [job] = jobs
    // For several jobs BullMQ sends a transaction, which needs more commands than one job.
    if (job && jobs.length === 1) await this.#redis.send(() => this.queue.add(job.name, job.data, job.opts))
    else await this.#redis.send(() => this.queue.addBulk(jobs))
  }

  /** The ids that have no job. */
  async findUnknown(ids: readonly string[]): Promise<string[]> {
    const pipeline = this.#redis.client.pipeline()
    for (const id of ids) pipeline.exists(this.queue.toKey(id))
    const answers = await this.#redis.send(() => answersOf(pipeline))
    return ids.filter((_id, index) => answers[index] === 0)
  }

  /**
   * Makes room for new jobs of tasks that wait again although their jobs have ended, for example after the task DB
   * was restored.
   */
  async removeEnded(ids: readonly string[]): Promise<void> {
    const pipeline = this.#redis.client.pipeline()
    for (const id of ids) pipeline.hget(this.queue.toKey(id), 'finishedOn')
    const answers = await this.#redis.send(() => answersOf(pipeline))
    const ended = ids.filter((_id, index) => typeof answers[index] === 'string')
    // A job that was added again and fetched in the meantime is locked, and stays.
    await this.#redis.send(() => Promise.all(ended.map(id => this.queue.remove(id))))
  }

  /** The ids whose job seems to have a worker. */
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
   * Fetches and locks the next job; undefined if there is none. With `block`, it waits a while for a job; only one caller
   * may block at a time.
   */
  async fetch(block: boolean): Promise<TaskJob | undefined> {
    const next = () => this.#worker.getNextJob(lock, { block })
    const job = await (block ? this.#redis.sendBlocking(next) : this.#redis.send(next))
    if (!job) return undefined
    // Another program added it. The task DB would refuse its id, and it would stay before all tasks.
    const isForeign = !Value.Check(TaskId, job.id)
    // Marked as failed by a master with other settings: getNextJob would return it forever. If its task still waits,
    // the reconciler adds a new job.
    if (!isForeign && !job.deferredFailure) return job
    await this.align(job, undefined)
    return this.fetch(false)
  }

  /** Keeps a job from being treated as stalled. */
  async renew(id: string): Promise<void> {
    await this.#redis.send(() => this.#worker.extendJobLocks([id], [lock], this.#leaseMs))
  }

  /** Updates the job of an active task to the new state of the task; without a task, the job is removed. */
  async follow(id: string, task: Task | undefined): Promise<void> {
    if (task?.state !== 'not-started') return this.align(this.#activeJob(id), task)
    const job = await this.#redis.send(() => Job.fromId<JobData, ImageFacts | undefined>(this.#worker, id))
    if (job) await this.align(job, task)
    else await this.add([task])
  }

  /** Puts a job back at the turn of its task. The job of the task that was leased instead is removed. */
  async exchange(job: TaskJob, { urgency, turn }: Task, leasedId: string): Promise<void> {
    // In this order, no master can fetch the job at its old turn.
    await this.#redis.send(() => job.changePriority({ priority: priorityOf(urgency, turn) }))
    await this.putBack(job)
    // If it was fetched in the meantime, it is locked, and its claim will be refused.
    await this.#redis.send(() => this.queue.remove(leasedId))
  }

  /** Updates a job that was fetched, as `follow` does. */
  async align(job: TaskJob, task: Task | undefined): Promise<void> {
    try {
      if (task?.state === 'in-progress') this.#held.hold(job, task)
      else await this.#redis.send(() => this.#move(job, task))
    } catch (error) {
      // Another change came first. After the next fetch of the job, the task DB decides again.
      if (!isOvertaken(error)) throw error
    }
  }

  /**
   * Makes the job ready for the next fetch, before all others of its turn and urgency; of several such jobs, the oldest
   * comes first.
   */
  async putBack(job: TaskJob): Promise<void> {
    try {
      await this.#redis.send(() => this.#moveToWait(job))
    } catch (error) {
      if (!isOvertaken(error)) throw error
    }
  }

  /** Removes old ended jobs: BullMQ does that only when other jobs end. */
  async clean(): Promise<void> {
    for (const state of ['completed', 'failed'] as const)
      await this.#redis.send(() => this.queue.clean(kept[state].age * 1000, 1000, state))
  }

  /** Puts held jobs back, and ends a blocking fetch. */
  async close(): Promise<void> {
    await this.#held.close()
    await this.#worker.close(true)
    await this.queue.close()
  }

  /** The job of an active task, created without Redis: to end a job, BullMQ reads neither its name nor its data. */
  #activeJob(id: string): TaskJob {
    return new Job<JobData, ImageFacts | undefined>(
      this.#worker,
      jobName,
      {},
      this.queue.defaultJobOptions,
      id,
    )
  }

  async #move(job: TaskJob, task: Task | undefined): Promise<void> {
    switch (task?.state) {
      case 'not-started':
        await this.#moveToWait(job)
        return
      case 'finished':
        await job.moveToCompleted(task.result, lock, false)
        return
      case 'failed':
        await job.moveToFailed(new UnrecoverableError(task.error?.detail ?? 'failed'), lock, false)
        return
      default:
        job.opts.removeOnFail = true
        await job.moveToFailed(new UnrecoverableError('the task no longer exists'), lock, false)
    }
  }

  async #moveToWait(job: TaskJob): Promise<void> {
    await job.moveToWait(lock)
    // BullMQ 6.7 does not wake a blocking fetch for a prioritised job that is put back; this does.
    await this.#redis.client.zadd(this.queue.toKey('marker'), 0, '0')
  }
}

const urgencies = 8
/** BullMQ allows priorities up to 2^21. */
const lastTurn = 2 ** 21 / urgencies - 2

/**
 * Owners are served in turn, as by the task DB. Turns begin at 0 again whenever no task waits. If the queue is never empty,
 * the turns eventually exceed `lastTurn`: then tasks are served by urgency, in the order of their arrival.
 */
function priorityOf(urgency: number, turn = 0): number {
  return 1 + Math.min(turn, lastTurn) * urgencies + urgency // 0 would come before all others
}

/** The responses to all commands. @throws the first of their errors */
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
