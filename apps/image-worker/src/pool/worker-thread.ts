import { Worker } from 'node:worker_threads'
import type { Work } from '@darkroom/contracts'
import type { ThreadData, ThreadMessage, WorkEnd, WorkerMessage } from '../thread/protocol.ts'

export interface WorkerThreadEvents {
  /** Resolves with what gives the memory back, once it is there. */
  reserve(bytes: number): Promise<() => void>
  workEnded(end: WorkEnd, seconds: number): void
  /** The time for one image has passed; the thread still works on it. */
  overran(work: Work): void
  /** The thread is gone; with what it was working on, if it was. */
  exited(error: Error | undefined, work: Work | undefined): void
}

/** One thread, seen from the worker: what it works on, for how long, and its end. */
export class WorkerThread {
  readonly exited: Promise<void>
  readonly #worker: Worker
  readonly #events: WorkerThreadEvents
  readonly #processingMs: number
  #work: Work | undefined
  #begunAt = 0
  #overrun: NodeJS.Timeout | undefined
  #error: Error | undefined
  #release: (() => void) | undefined
  #isGone = false

  constructor(data: ThreadData, events: WorkerThreadEvents) {
    this.#events = events
    this.#processingMs = data.processingMs
    this.#worker = new Worker(new URL('../thread/main.ts', import.meta.url), {
      workerData: data,
      name: data.name,
    })
    this.#worker.on('message', (message: ThreadMessage) => this.#hear(message))
    this.#worker.on('error', (error: Error) => {
      this.#error = error
    })
    this.exited = new Promise(resolve => {
      this.#worker.on('exit', () => {
        this.#isGone = true
        this.#rest()
        events.exited(this.#error, this.#work)
        resolve()
      })
    })
  }

  get work(): Work | undefined {
    return this.#work
  }

  /** No more work; the thread ends when what is under way has ended. */
  drain(): void {
    this.#worker.postMessage({ type: 'drain' } satisfies WorkerMessage)
  }

  /** Ends the thread. Native code that is running delays it until that returns. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Passes over what isn't ours: under `node --watch`, threads also send what they import. */
  #hear(message: ThreadMessage): void {
    switch (message.type) {
      case 'begun':
        this.#work = message.work
        this.#begunAt = performance.now()
        this.#startClock(message.work)
        break
      case 'reserve':
        void this.#reserve(message.bytes)
        break
      case 'ended':
        this.#rest()
        this.#work = undefined
        this.#events.workEnded(message.end, (performance.now() - this.#begunAt) / 1000)
    }
  }

  /** Waiting for memory isn't the image's time. */
  async #reserve(bytes: number): Promise<void> {
    const work = this.#work
    clearTimeout(this.#overrun)
    const release = await this.#events.reserve(bytes)
    if (this.#isGone || this.#work !== work) return release()
    this.#release = release
    if (work) this.#startClock(work)
    this.#worker.postMessage({ type: 'granted' } satisfies WorkerMessage)
  }

  #startClock(work: Work): void {
    clearTimeout(this.#overrun)
    this.#overrun = setTimeout(() => this.#events.overran(work), this.#processingMs)
  }

  #rest(): void {
    clearTimeout(this.#overrun)
    this.#release?.()
    this.#release = undefined
  }
}
