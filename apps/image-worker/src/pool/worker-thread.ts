import { Worker } from 'node:worker_threads'
import type { Work } from '@darkroom/contracts'
import type { ThreadData, ThreadMessage, WorkEnd, WorkerMessage } from '../thread/protocol.ts'
import { ImageClock } from './image-clock.ts'
import type { KeptLease } from './kept-lease.ts'

interface WorkerThreadEvents {
  /** Waits until the memory is free, and resolves with a function that releases it. */
  reserve(bytes: number): Promise<() => void>
  /** Reserves all memory, so that no other image is developed. Undefined if another thread has reserved or requested it. */
  runAlone(): Promise<() => void> | undefined
  /** Renews the lease of work until it is closed. */
  keepLease(work: Work): KeptLease
  workBegun(): void
  workEnded(end: WorkEnd, seconds: number): void
  /** The time limit of an image has passed; the thread is still working on it. */
  timedOut(): void
  /** The thread is gone. */
  exited(error: Error | undefined): void
}

/** The default main module of threads. */
const defaultMain = new URL('../thread/main.ts', import.meta.url)

/**
 * A thread's young generation grows to this size under load. With V8's default, which is four times as much, a thread took
 * 40 MB more and developed no more images per second.
 */
const resourceLimits = { maxYoungGenerationSizeMb: 12 }

/** Work that a thread has begun. */
interface BegunWork {
  work: Work
  lease: KeptLease
  /** By the clock of `performance`. */
  begunAt: number
}

/** Work that was taken from a thread, and how long the thread had it. */
export interface TakenWork {
  work: Work
  seconds: number
}

/**
 * The worker's handle of one thread: its work, how long that has taken, and the end of the thread. The work begun last is
 * the current work; the results of earlier work may still be on their way.
 */
export class WorkerThread {
  readonly exited: Promise<void>
  readonly #worker: Worker
  readonly #events: WorkerThreadEvents
  readonly #clock: ImageClock
  /** The work that has not ended, in the order in which it was begun. */
  readonly #begun: BegunWork[] = []
  #error: Error | undefined
  #release: (() => void) | undefined
  /** The current work holds all memory until it has ended. */
  #isAlone = false
  #isGone = false

  constructor(data: ThreadData, events: WorkerThreadEvents, main = defaultMain) {
    this.#events = events
    this.#clock = new ImageClock(data.processingMs, events.timedOut)
    this.#worker = new Worker(main, { workerData: data, name: data.name, resourceLimits })
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
    return this.#current?.work.id
  }

  get isBusy(): boolean {
    return this.#begun.length > 0
  }

  /** Takes the current work from the thread. The caller must then report its end. */
  takeCurrentWork(): TakenWork | undefined {
    const current = this.#begun.pop()
    return current && taken(current)
  }

  /** Takes all work from the thread. The caller must then report the end of each. */
  takeAllWork(): TakenWork[] {
    return this.#begun.splice(0).map(taken)
  }

  /** Gives the thread no more work; the thread ends after its current work. */
  drain(): void {
    this.#send({ type: 'drain' })
  }

  /** Terminates the thread. Native code delays this until it returns. */
  async terminate(): Promise<void> {
    await this.#worker.terminate()
  }

  #onMessage(message: ThreadMessage): void {
    switch (message.type) {
      case 'begun':
        this.#onBegun(message.work)
        break
      case 'developing':
        this.#clock.start()
        break
      case 'reserve':
        void this.#reserve(message.bytes)
        break
      case 'run-alone':
        void this.#runAlone()
        break
      case 'developed':
        if (this.#isAlone) this.#clock.pause()
        else this.#pauseAndRelease()
        break
      case 'ended':
        this.#onEnded(message)
    }
  }

  #onBegun(work: Work): void {
    const lease = this.#events.keepLease(work)
    const { lost } = lease
    const { token } = work.lease
    lost.addEventListener('abort', () =>
      this.#send({ type: 'lease-lost', id: work.id, token, reason: String(lost.reason) }),
    )
    this.#begun.push({ work, lease, begunAt: performance.now() })
    this.#events.workBegun()
  }

  #onEnded({ id, token, end }: { id: string; token: number; end: WorkEnd }): void {
    const ended = this.#begun.find(({ work }) => work.id === id && work.lease.token === token)
    if (!ended) return
    if (ended === this.#current) this.#pauseAndRelease()
    this.#begun.splice(this.#begun.indexOf(ended), 1)
    this.#events.workEnded(end, taken(ended).seconds)
  }

  get #current(): BegunWork | undefined {
    return this.#begun.at(-1)
  }

  /**
   * Replaces the reservation for the previous image: threads that keep memory while they wait for more could wait for
   * each other. The time limit of the image doesn't run while it waits for memory.
   */
  async #reserve(bytes: number): Promise<void> {
    if (this.#isAlone) return this.#send({ type: 'granted' })
    const current = this.#current
    this.#pauseAndRelease()
    const release = await this.#events.reserve(bytes)
    if (this.#isGone || this.#current !== current) return release()
    this.#release = release
    this.#clock.resume()
    this.#send({ type: 'granted' })
  }

  async #runAlone(): Promise<void> {
    const current = this.#current
    const release = await this.#events.runAlone()
    if (release && (this.#isGone || this.#current !== current)) return release()
    this.#release = release
    this.#isAlone = release !== undefined
    this.#send({ type: 'alone', isGranted: this.#isAlone })
  }

  #send(message: WorkerMessage): void {
    this.#worker.postMessage(message)
  }

  /** Stops the clock of the image, and releases its memory. */
  #pauseAndRelease(): void {
    this.#clock.pause()
    this.#release?.()
    this.#release = undefined
    this.#isAlone = false
  }
}

function taken({ work, lease, begunAt }: BegunWork): TakenWork {
  lease.close()
  return { work, seconds: (performance.now() - begunAt) / 1000 }
}
