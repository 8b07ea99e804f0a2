import { Backoff, type Logger, ServiceUnavailable } from '@darkroom/service-kit'

/** Where the line gets what those in it wait for. */
export interface Source<Item> {
  readonly isReady: boolean
  untilReady(signal: AbortSignal): Promise<void>
  /** The next one; undefined when there is none. `block` waits for one for a while. Says itself what is unavailable. */
  fetch(block: boolean): Promise<Item | undefined>
  /** Takes back one that nobody waits for any more. */
  putBack(item: Item): Promise<void>
}

interface Waiting<Item, Served> {
  /** Whether an item is for this one. */
  accepts(item: Item): boolean
  /** What becomes of an item for this one; undefined when it wasn't to be had after all. */
  serve(item: Item): Promise<Served | undefined>
  patience: AbortSignal
  gone: AbortSignal
  /** The source was asked on its behalf at least once. */
  wasTried: boolean
  resolve(served: Served | undefined): void
  reject(error: unknown): void
}

const mostAtOnce = 16

/**
 * Feeds those who wait from one source, first come first served. An item that nobody in the line accepts is set aside
 * for `asideMs`, and put back. Of any number of them only one fetch blocks;
 * while nobody waits, nothing is fetched.
 */
export class WaitingLine<Item, Served> {
  readonly #source: Source<Item>
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #asideMs: number
  readonly #line: Waiting<Item, Served>[] = []
  /** Items that nobody in the line accepts, and what ends their being set aside. */
  readonly #aside = new Map<Item, NodeJS.Timeout>()
  readonly #underWay = new Set<Promise<void>>()
  #isLooking = false
  #mustLookAgain = false
  #watching: Promise<void> | undefined

  constructor(source: Source<Item>, logger: Logger, asideMs: number) {
    this.#source = source
    this.#logger = logger
    this.#asideMs = asideMs
  }

  /**
   * What `serve` made of an item; undefined when there was none until `patience` was aborted. When `gone` is
   * aborted nobody is there to take one.
   */
  wait(
    serve: (item: Item) => Promise<Served | undefined>,
    {
      patience,
      gone,
      accepts = () => true,
    }: { patience: AbortSignal; gone: AbortSignal; accepts?: (item: Item) => boolean },
  ): Promise<Served | undefined> {
    return new Promise((resolve, reject) => {
      const waiting = { accepts, serve, patience, gone, wasTried: false, resolve, reject }
      for (const signal of [patience, gone])
        signal.addEventListener('abort', () => this.#leave(waiting), { once: true })
      const item = this.#takeFromAside(accepts)
      if (item !== undefined) return this.#track(this.#serve(waiting, item))
      this.#line.push(waiting)
      this.wake()
    })
  }

  /** Looks whether there is something for those who wait. */
  wake(): void {
    this.#track(this.#look())
  }

  /** Lets all go with nothing, and waits for those who are being served. The source ends its blocking fetch. */
  async close(): Promise<void> {
    this.#closing.abort()
    for (const waiting of this.#line.splice(0)) waiting.resolve(undefined)
    for (const item of this.#aside.keys()) this.#endAside(item)
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Resolves when the last fetch has ended; what it brings is put back. */
  async settled(): Promise<void> {
    await this.#watching
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
  }

  /** Whoever is still there is asked for at least once, however short its patience. */
  #leave(waiting: Waiting<Item, Served>): void {
    const place = this.#line.indexOf(waiting)
    if (place === -1) return // served, or being served
    if (!waiting.wasTried && !waiting.gone.aborted) return
    this.#line.splice(place, 1)
    waiting.resolve(undefined)
  }

  /** Takes what is there already: several at once where the last look found all that it asked for. */
  async #look(): Promise<void> {
    this.#mustLookAgain = true
    if (this.#isLooking) return
    this.#isLooking = true
    let atOnce = 1
    while (this.#mustLookAgain && this.#line.length > 0) {
      this.#mustLookAgain = false
      const hopeful = [...this.#line]
      const asked = hopeful.slice(0, atOnce).map(() => this.#fetch(false))
      const found = (await Promise.all(asked)).filter(item => item !== undefined)
      for (const item of found) this.#deliver(item)
      if (found.length === asked.length) {
        atOnce = Math.min(atOnce * 2, mostAtOnce)
        this.#mustLookAgain = true
        continue
      }
      for (const waiting of hopeful) {
        waiting.wasTried = true
        if (waiting.patience.aborted) this.#leave(waiting)
      }
    }
    this.#isLooking = false
    this.#watching ??= this.#watch().finally(() => {
      this.#watching = undefined
    })
  }

  /** Waits for what comes, for as long as anybody does. */
  async #watch(): Promise<void> {
    const backoff = new Backoff(100, 2000)
    while (this.#line.length > 0) {
      await this.#source.untilReady(this.#closing.signal)
      const item = await this.#fetch(true, backoff)
      if (item !== undefined) this.#deliver(item)
    }
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
    // Put back at once, it would be fetched again at once, and hide what stands behind it.
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
        'what nobody waits for could not be put back; it comes back by itself',
      )
    }
  }

  #track(action: Promise<void>): void {
    const tracked = action.finally(() => this.#underWay.delete(tracked))
    this.#underWay.add(tracked)
  }
}
