import type { Logger } from './logger.ts'

/** An outage counts as over when a route that it struck answers again, and it has struck none for so long. */
const settledMs = 5000

interface Outage {
  words: string
  /** That have failed because of it, and not answered since. */
  routes: Set<string>
  lastAt: number
}

/**
 * Says an outage in the log when it begins and when it is over, however many requests meet it: an engine that is away
 * fails every one of them, and every probe of a load balancer.
 */
export class OutageLog {
  readonly #logger: Pick<Logger, 'error' | 'info' | 'debug'>
  readonly #now: () => number
  readonly #outages = new Map<string, Outage>()

  constructor(logger: Pick<Logger, 'error' | 'info' | 'debug'>, now: () => number = () => performance.now()) {
    this.#logger = logger
    this.#now = now
  }

  /** A request to a route failed. Failures of the same kind in the same words are one outage. */
  failed(route: string, words: string, { err, ...details }: { err?: unknown }): void {
    const key = `${words} ${err instanceof Error ? err.constructor.name : ''}`
    const known = this.#outages.get(key)
    this.#logger[known ? 'debug' : 'error']({ ...details, err }, words)
    const outage = known ?? { words, routes: new Set(), lastAt: 0 }
    outage.routes.add(route)
    outage.lastAt = this.#now()
    this.#outages.set(key, outage)
  }

  /** A request to a route was answered. */
  answered(route: string): void {
    for (const [key, { words, routes, lastAt }] of this.#outages) {
      if (!routes.has(route) || this.#now() - lastAt < settledMs) continue
      this.#outages.delete(key)
      this.#logger.info(`over: ${words}`)
    }
  }
}
