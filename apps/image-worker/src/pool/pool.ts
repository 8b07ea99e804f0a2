import { setTimeout as delay } from 'node:timers/promises'
import {
  type Client,
  type imageMasterRoutes,
  problemType,
  type TaskError,
  type Work,
} from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'
import type { ThreadData, WorkEnd } from '../thread/protocol.ts'
import { KeptLease } from './kept-lease.ts'
import { MemoryBudget } from './memory-budget.ts'
import { type TakenWork, WorkerThread } from './worker-thread.ts'

export interface PoolOptions extends Omit<ThreadData, 'name' | 'loadersAreSet'> {
  name: string
  threads: number
  /** Bytes for all images that are being unpacked. */
  memoryBudgetBytes: number
  imageMaster: Client<typeof imageMasterRoutes>
  logger: Logger
  /** How long closing waits for running images before it returns them. */
  drainMs: number
  workEnded(end: WorkEnd, seconds: number): void
  /**
   * Called when a thread can't be terminated, because native code in it doesn't return: then only the end of the process
   * frees it.
   */
  stuck(): void
  /** The main module of the threads; by default, the module that develops images. */
  threadMain?: URL
}

const terminationMs = 5000
const restartMs = 500

/**
 * The threads that develop images. An idle thread takes about 25 MB, so the pool starts with one thread. Whenever all
 * threads are busy, their number doubles, up to the limit. Threads that die are replaced. The pool reports the end of the
 * work of threads that died or took too long.
 */
export class Pool {
  readonly #options: PoolOptions
  readonly #threads = new Map<number, WorkerThread>()
  readonly #reports = new Set<Promise<void>>()
  readonly #memory: MemoryBudget
  readonly #loadersAreSet = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT))
  #isClosing = false

  constructor(options: PoolOptions) {
    this.#options = options
    this.#memory = new MemoryBudget(options.memoryBudgetBytes)
    this.#start(1)
  }

  get alive(): number {
    return this.#threads.size
  }

  get busy(): number {
    return [...this.#threads.values()].filter(thread => thread.isBusy).length
  }

  /** Lets running images finish; returns those that take longer than `drainMs`. */
  async close(): Promise<void> {
    this.#isClosing = true
    const threads = [...this.#threads.values()]
    for (const thread of threads) thread.drain()
    const drained = Promise.all(threads.map(thread => thread.exited))
    const timeout = new AbortController()
    await Promise.race([
      drained,
      delay(this.#options.drainMs, undefined, { signal: timeout.signal }).catch(() => undefined),
    ])
    timeout.abort()
    for (const thread of this.#threads.values()) {
      this.#returnAll(thread)
      // Not awaited: native code may delay it, and the process is about to end anyway.
      void thread.terminate()
    }
    await Promise.all(this.#reports)
  }

  #startMoreIfAllAreBusy(): void {
    const { alive } = this
    if (this.busy < alive) return
    const numbers = Array.from({ length: this.#options.threads }, (_, index) => index + 1)
    const free = numbers.filter(number => !this.#threads.has(number))
    for (const number of free.slice(0, alive)) this.#start(number)
  }

  #start(number: number): void {
    if (this.#isClosing || this.#threads.has(number)) return
    const { imageMaster, logger, workEnded } = this.#options
    const name = `${this.#options.name}/${number}`
    const { clusterToken, kvUrl, logLevel, maxPixels, maxUnpackedBytes, processingMs } = this.#options
    const limits = { maxPixels, maxUnpackedBytes, processingMs }
    const data = { name, clusterToken, kvUrl, logLevel, ...limits, loadersAreSet: this.#loadersAreSet }
    const events = {
      reserve: (bytes: number) => this.#memory.acquire(bytes),
      runAlone: () => this.#memory.acquireAlone(),
      keepLease: (work: Work) => new KeptLease(work, imageMaster, logger),
      workBegun: () => this.#startMoreIfAllAreBusy(),
      workEnded,
      timedOut: () => void this.#endTimedOut(thread),
      exited: (error: Error | undefined) => {
        this.#threads.delete(number)
        if (error || thread.isBusy)
          logger.error({ err: error, thread: name, id: thread.imageId }, 'a thread died')
        this.#fail(thread, threadCrashed(error), true)
        setTimeout(() => this.#start(number), restartMs)
      },
    }
    const thread = new WorkerThread(data, events, this.#options.threadMain)
    this.#threads.set(number, thread)
  }

  async #endTimedOut(thread: WorkerThread): Promise<void> {
    const { logger, processingMs, stuck } = this.#options
    logger.error(
      { processingMs, id: thread.imageId },
      'an image exceeded the time limit; terminating its thread',
    )
    this.#fail(thread, tookTooLong(processingMs), false)
    const timeout = new AbortController()
    const ended = await Promise.race([
      thread.terminate().then(() => true),
      delay(terminationMs, false, { signal: timeout.signal }).catch(() => false),
    ])
    timeout.abort()
    if (!ended) stuck()
  }

  /** Fails the current work. Other work, whose results the thread was delivering, is not the cause, so it is returned. */
  #fail(thread: WorkerThread, error: TaskError, retryable: boolean): void {
    const current = thread.takeCurrentWork()
    if (current)
      this.#report(current, { kind: 'failed', error }, ({ id, lease }) =>
        this.#options.imageMaster.workFailed({ body: { id, lease: lease.token, error, retryable } }),
      )
    this.#returnAll(thread)
  }

  #returnAll(thread: WorkerThread): void {
    for (const taken of thread.takeAllWork())
      this.#report(taken, { kind: 'returned' }, ({ id, lease }) =>
        this.#options.imageMaster.workReturned({ body: { id, lease: lease.token } }),
      )
  }

  /** Reports on work that was taken from its thread. If the report fails, the task is retried when its lease expires. */
  #report({ work, seconds }: TakenWork, end: WorkEnd, send: (work: Work) => Promise<unknown>): void {
    const { logger, workEnded } = this.#options
    workEnded(end, seconds)
    logger.warn({ id: work.id, end }, 'work was taken from its thread')
    const reporting = send(work).then(
      () => undefined,
      error =>
        logger.error(
          { err: error, id: work.id, end },
          'the end of work could not be reported; the task is retried when its lease expires',
        ),
    )
    this.#reports.add(reporting)
    void reporting.finally(() => this.#reports.delete(reporting))
  }
}

function threadCrashed(error: Error | undefined): TaskError {
  return {
    type: problemType('processing-crashed'),
    title: 'Processing crashed',
    detail: `the thread that worked on this image ended unexpectedly: ${error?.message ?? 'no reason is known'}`,
  }
}

function tookTooLong(processingMs: number): TaskError {
  return {
    type: problemType('took-too-long'),
    title: 'Took too long',
    detail: `this image took longer than the limit of ${processingMs / 1000} seconds`,
  }
}
