import { setTimeout as delay } from 'node:timers/promises'
import { Backoff, type Logger, ServiceUnavailable } from '@darkroom/service-kit'

/** The source of items for a waiting line. */
export interface Source<Item> {
  readonly isReady: boolean
  untilReady(signal: AbortSignal): Promise<void>
  /**
   * Fetches the next item; undefined if there is none. `block` waits a while for an item. The source logs its own
   * outages.
   */
  fetch(block: boolean): Promise<Item | undefined>
  /** Takes back an item that no waiter needs. */
  putBack(item: Item): Promise<void>
}

interface Waiting<Item, Served> {
  /** Whether the waiter can use an item. */
  accepts(item: Item): boolean
  /** Serves an item; undefined if the item turned out to be unavailable. */
  serve(item: Item): Promise<Served | undefined>
  timeout: AbortSignal
  gone: AbortSignal
  /** Whether at least one fetch was tried for this waiter. */
  wasTried: boolean
  resolve(served: Served | undefined): void
  reject(error: unknown): void
}

const maxAtOnce = 16
/**
 * BullMQ's blocking fetch does not block while a rate limit of the queue is reached. Repeating it at once would keep this
 * process busy all the time.
 */
const quickMs = 20
const pauseMs = 100

/**
 * Serves waiters from one source, first come first served. An item that no waiter accepts is set aside for `asideMs`,
 * and put back. Only one fetch blocks, for any number of waiters; without waiters, nothing is fetched.
 */
export class WaitingLine<Item, Served> {
  readonly #source: Source<Item>
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #asideMs: number
  readonly #line: Waiting<Item, Served>[] = []
  /** Items that no waiter accepts, with the timers that put them back. */
  readonly #aside = new Map<Item, NodeJS.Timeout>()
  readonly #underWay = new Set<Promise<void>>()
  #isFetching = false
  #mustFetchAgain = false
  #watching: Promise<void> | undefined

  constructor(source: Source<Item>, logger: Logger, asideMs: number) {
    this.#source = source
    this.#logger = logger
    this.#asideMs = asideMs
  }

  /**
   * The result of `serve`; undefined if there was no item until `timeout` was aborted. When `gone` is aborted, the
   * waiter has left.
   */
  wait(
    serve: (item: Item) => Promise<Served | undefined>,
    {
      timeout,
      gone,
      accepts = () => true,
    }: { timeout: AbortSignal; gone: AbortSignal; accepts?: (item: Item) => boolean },
  ): Promise<Served | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = { accepts, serve, timeout, gone, wasTried: false, resolve, reject }
      for (const signal of [timeout, gone])
        if (!signal.aborted) signal.addEventListener('abort', () => this.#leave(waiting), { once: true })
      const item = this.#takeFromAside(accepts)
      if (item !== undefined) return this.#track(this.#serve(waiting, item))
      this.#line.push(waiting)
      this.wake()
    })
  }

  /** Checks whether there is an item for the waiters. */
  wake(): void {
    this.#track(this.#fetchAvailable())
  }

  /** Ends all waits without an item, and waits for those being served. The source ends its blocking fetch. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const waiting of this.#line.splice(0)) waiting.resolve(undefined)
    for (const item of this.#aside.keys()) this.#endAside(item)
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Resolves when the last fetch has ended; its item is put back. */
  async settled(): Promise<void> {
    await this.#watching
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** For each waiter that has not left, at least one fetch is tried, even if the timeout is very short. */
  #leave(waiting: Waiting<Item, Served>): void {
    const place = this.#line.indexOf(waiting)
    if (place === -1) return // served, or being served
    if (!waiting.wasTried && !waiting.gone.aborted) return
    this.#line.splice(place, 1)
    waiting.resolve(undefined)
  }

  /** Fetches available items: several at once if every fetch of the last round found an item. */
  async #fetchAvailable(): Promise<void> {
    this.#mustFetchAgain = true
    if (this.#isFetching) return
    this.#isFetching = true
    let atOnce = 1
    while (this.#mustFetchAgain && this.#line.length > 0) {
      this.#mustFetchAgain = false
      const waiters = [...this.#line]
      const fetches = waiters.slice(0, atOnce).map(() => this.#fetch(false))
      const found = (await Promise.all(fetches)).filter(item => item !== undefined)
      for (const item of found) this.#deliver(item)
      if (found.length === fetches.length) {
        atOnce = Math.min(atOnce * 2, maxAtOnce)
        this.#mustFetchAgain = true
        continue
      }
      for (const waiting of waiters) {
        waiting.wasTried = true
        if (waiting.timeout.aborted) this.#leave(waiting)
      }
    }
    this.#isFetching = false
    this.#watching ??= this.#waitForItems().finally(() => {
      this.#watching = undefined
    })
  }

  /** Waits for new items, as long as there are waiters. */
  async #waitForItems(): Promise<void> {
    const backoff = new Backoff(100, 2000)
    while (this.#line.length > 0) {
      await this.#source.untilReady(this.#closing.signal)
      const startedAt = performance.now()
      const item = await this.#fetch(true, backoff)
      if (item !== undefined) this.#deliver(item)
      else if (performance.now() - startedAt < quickMs) await this.#pause()
    }
  }

  async #pause(): Promise<void> {
    await delay(pauseMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
  }

  async #fetch(block: boolean, backoff?: Backoff): Promise<Item | undefined> {
    if (!this.#source.isReady) return undefined
    try {
      const item = await this.#source.fetch(block)
      backoff?.reset()
      return item
    } catch (error) {
      if (this.#source.isReady && !(error instanceof ServiceUnavailable))
        this.#logger.warn({ err: error }, 'nothing could be fetched from the queue')
      await backoff?.wait(this.#closing.signal)
      return undefined
    }
  }

  #deliver(item: Item): void {
    const place = this.#line.findIndex(({ accepts }) => accepts(item))
    const [waiting] = place === -1 ? [] : this.#line.splice(place, 1)
    if (waiting) this.#track(this.#serve(waiting, item))
    else if (this.#line.length === 0) this.#track(this.#putBack(item))
    // If the item were put back now, it would be fetched again at once, and would block the items behind it.
    else
      this.#aside.set(
        item,
        setTimeout(() => this.#endAside(item), this.#asideMs),
      )
  }

  #takeFromAside(accepts: (item: Item) => boolean): Item | undefined {
    const item = this.#aside.keys().find(accepts)
    if (item === undefined) return undefined
    clearTimeout(this.#aside.get(item))
    this.#aside.delete(item)
    return item
  }

  #endAside(item: Item): void {
    clearTimeout(this.#aside.get(item))
    this.#aside.delete(item)
    this.#track(this.#putBack(item))
  }

  async #serve(waiting: Waiting<Item, Served>, item: Item): Promise<void> {
    try {
      const served = await waiting.serve(item)
      if (served !== undefined) return waiting.resolve(served)
    } catch (error) {
      return waiting.reject(error)
    }
    if (waiting.gone.aborted || this.#closing.signal.aborted) return waiting.resolve(undefined)
    waiting.wasTried = false
    this.#line.unshift(waiting)
    this.wake()
  }

  async #putBack(item: Item): Promise<void> {
    try {
      await this.#source.putBack(item)
    } catch (error) {
      this.#logger.warn(
        { err: error },
        'an unused item could not be put back; it returns when its lock expires',
      )
    }
  }

  #track(action: Promise<void>): void {
    const tracked = action.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }
}
