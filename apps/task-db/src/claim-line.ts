import { allAbilities, type Task } from '@darkroom/contracts'
import { BackgroundRetries, StoreFull, StoreUnavailable } from '@darkroom/service-kit'
import type { ChangeListener, TaskStore } from './engine/engine.ts'

const returnRetryMs = 500

interface Waiting {
  worker: string
  leaseMs: number
  decodes: readonly string[]
  timeout: AbortSignal
  gone: AbortSignal
  /** Whether at least one claim was tried in the store. */
  wasTried: boolean
  resolve(task: Task | undefined): void
  reject(error: unknown): void
}

/**
 * Claims that wait for work, served first come first served. Every task that becomes claimable, here or in another
 * copy of the service, wakes the line.
 */
export class ClaimLine {
  readonly #store: TaskStore
  readonly #stopListening: readonly (() => void)[]
  #line: Waiting[] = []
  #isServing = false
  #mustServeAgain = false
  readonly #closing = new AbortController()
  readonly #returns = new BackgroundRetries({
    everyMs: returnRetryMs,
    closing: this.#closing.signal,
    isPassing: error => error instanceof StoreFull || error instanceof StoreUnavailable,
  })

  constructor(store: TaskStore) {
    this.#store = store
    const onChange: ChangeListener = change => {
      const mayBeWork =
        change.kind === 'unknown' || (change.kind === 'stored' && change.task.state === 'not-started')
      if (mayBeWork) this.#serve()
    }
    const stops = [store.onChange(onChange), store.onNewTask?.(() => this.#serveFirst())]
    this.#stopListening = stops.filter(stop => stop !== undefined)
  }

  /**
   * Leases a task; undefined if there is none until `timeout` is aborted. When `gone` is aborted, the caller has left, and a
   * task that was just claimed for it is returned to the queue.
   */
  claim(
    worker: string,
    leaseMs: number,
    {
      timeout,
      gone,
      decodes = allAbilities,
    }: { timeout: AbortSignal; gone: AbortSignal; decodes?: readonly string[] | undefined },
  ): Promise<Task | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = { worker, leaseMs, decodes, timeout, gone, wasTried: false, resolve, reject }
      this.#line.push(waiting)
      const leave = () => this.#leave(waiting)
      for (const signal of [timeout, gone])
        if (!signal.aborted) signal.addEventListener('abort', leave, { once: true })
      this.#serve()
    })
  }

  close(): void {
    for (const stop of this.#stopListening) stop()
    this.#closing.abort()
  }

  /** For each caller that has not left, at least one claim is tried in the store, even if the timeout is very short. */
  #leave(waiting: Waiting): void {
    const place = this.#line.indexOf(waiting)
    if (place === -1) return // served, or being served, and then checked again
    if (!waiting.wasTried && !waiting.gone.aborted) return
    this.#line.splice(place, 1)
    waiting.resolve(undefined)
  }

  /** Serves the whole line at once, so that the claims share one commit, until nothing is left to claim. */
  async #serve(): Promise<void> {
    this.#mustServeAgain = true
    if (this.#isServing) return
    this.#isServing = true
    while (this.#mustServeAgain && this.#line.length > 0) {
      this.#mustServeAgain = false
      const served = this.#line
      this.#line = []
      const unserved = await Promise.all(served.map(waiting => this.#serveOne(waiting)))
      this.#line = [...unserved.filter(waiting => waiting !== undefined), ...this.#line]
      // Signals that were aborted while the line was being served have had no effect yet.
      for (const waiting of [...this.#line]) if (mustLeave(waiting)) this.#leave(waiting)
    }
    this.#isServing = false
  }

  /** A new task is for one claim: the others stay in the line, also while this claim waits for the disk. */
  async #serveFirst(): Promise<void> {
    const first = this.#line.shift()
    const unserved = first && (await this.#serveOne(first, { isJoined: true }))
    if (!unserved) return
    this.#line.unshift(unserved)
    void this.#serve()
  }

  /** Returns the claim again if there was no task for it. */
  async #serveOne(waiting: Waiting, { isJoined = false } = {}): Promise<Waiting | undefined> {
    waiting.wasTried = true
    try {
      const task = await this.#store.claim(waiting.worker, waiting.leaseMs, waiting.decodes)
      if (task && !waiting.gone.aborted) waiting.resolve(task)
      else if (task) await this.#returnTask(task)
      else if (!mustLeave(waiting)) return waiting
      waiting.resolve(undefined)
    } catch (error) {
      // The new task was not stored either: its creator gets the error, and the claim waits for another task.
      if (isJoined) return waiting
      waiting.reject(error)
    }
    return undefined
  }

  /** The caller has left: the task waits again, and the attempt doesn't count. Retried while the store refuses it. */
  async #returnTask({ id, claims }: Task): Promise<void> {
    const returnTask = () => this.#store.apply(id, { type: 'return', token: claims })
    const leaveToLease = () => undefined // the task waits again when its lease expires
    await returnTask().catch(() => this.#returns.add(returnTask, leaveToLease))
  }
}

function mustLeave({ timeout, gone }: Waiting): boolean {
  return timeout.aborted || gone.aborted
}
