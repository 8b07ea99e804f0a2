import { Worker } from 'node:worker_threads'
import type { Work } from '@darkroom/contracts'
import type { ThreadData, ThreadMessage, WorkEnd, WorkerMessage } from '../thread/protocol.ts'
import { ImageClock } from './image-clock.ts'

interface WorkerThreadEvents {
  /** Waits until the memory is free, and resolves with a function that releases it. */
  reserve(bytes: number): Promise<() => void>
  workBegun(): void
  workEnded(end: WorkEnd, seconds: number): void
  /** The time limit of an image has passed; the thread is still working on it. */
  timedOut(): void
  /** The thread is gone. */
  exited(error: Error | undefined): void
}

/** The default main module of threads. */
const defaultMain = new URL('../thread/main.ts', import.meta.url)

/** The worker's handle of one thread: its current work, how long that has taken, and the end of the thread. */
export class WorkerThread {
  readonly exited: Promise<void>
  readonly #worker: Worker
  readonly #events: WorkerThreadEvents
  readonly #clock: ImageClock
  #work: Work | undefined
  #begunAt = 0
  #error: Error | undefined
  #release: (() => void) | undefined
  #isGone = false

  constructor(data: ThreadData, events: WorkerThreadEvents, main = defaultMain) {
    this.#events = events
    this.#clock = new ImageClock(data.processingMs, events.timedOut)
    this.#worker = new Worker(main, { workerData: data, name: data.name })
    this.#worker.on('message', (messages: ThreadMessage[]) => {
      // Under `node --watch`, threads also send messages about the modules they import.
      if (Array.isArray(messages)) for (const message of messages) this.#onMessage(message)
    })
    this.#worker.on('error', (error: Error) => {
      this.#error = error
    })
    this.exited = new Promise(resolve => {
      this.#worker.on('exit', () => {
        this.#isGone = true
        this.#pauseAndRelease()
        events.exited(this.#error)
        resolve()
      })
    })
  }

  /** The id of the image that it works on. */
  get imageId(): string | undefined {
    return this.#work?.id
  }

  get isBusy(): boolean {
    return this.#work !== undefined
  }

  /** Takes the current work and its duration from the thread. The caller must then report its end. */
  takeWork(): { work: Work; seconds: number } | undefined {
    const work = this.#work
    this.#work = undefined
    return work && { work, seconds: this.#seconds() }
  }

  /** Gives the thread no more work; the thread ends after its current work. */
  drain(): void {
    this.#worker.postMessage({ type: 'drain' } satisfies WorkerMessage)
  }

  /** Terminates the thread. Native code delays this until it returns. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #onMessage(message: ThreadMessage): void {
    switch (message.type) {
      case 'begun':
        this.#work = message.work
        this.#begunAt = performance.now()
        this.#events.workBegun()
        break
      case 'developing':
        this.#clock.start()
        break
      case 'reserve':
        void this.#reserve(message.bytes)
        break
      case 'developed':
        this.#pauseAndRelease()
        break
      case 'ended':
        if (message.id !== this.#work?.id) break
        this.#pauseAndRelease()
        this.#work = undefined
        this.#events.workEnded(message.end, this.#seconds())
    }
  }

  /**
   * Replaces the reservation for the previous image: threads that keep memory while they wait for more could wait for
   * each other. The time limit of the image doesn't run while it waits for memory.
   */
  async #reserve(bytes: number): Promise<void> {
    const work = this.#work
    this.#pauseAndRelease()
    const release = await this.#events.reserve(bytes)
    if (this.#isGone || this.#work !== work) return release()
    this.#release = release
    this.#clock.resume()
    this.#worker.postMessage({ type: 'granted' } satisfies WorkerMessage)
  }

  /** Stops the clock of the image, and releases its memory. */
  #pauseAndRelease(): void {
    this.#clock.pause()
    this.#release?.()
    this.#release = undefined
  }

  #seconds(): number {
    return (performance.now() - this.#begunAt) / 1000
  }
}
