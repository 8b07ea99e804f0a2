import type { ServiceProblem } from '../problems/problems.ts'
import type { Logger } from './logger.ts'

/** An outage counts as over when a failed route succeeds again, and no route has failed for this long. */
const settledMs = 5000

interface Outage {
  message: string
  /** The routes that failed because of the outage, and have not succeeded since. */
  routes: Set<string>
  lastAt: number
}

/**
 * Logs an outage once when it begins and once when it is over. Otherwise every failed request, and every probe of a load
 * balancer, would log a line during an outage.
 */
export class OutageLog {
  readonly #logger: Pick<Logger, 'error' | 'info' | 'debug'>
  readonly #now: () => number
  readonly #outages = new Map<string, Outage>()

  constructor(logger: Pick<Logger, 'error' | 'info' | 'debug'>, now: () => number = () => performance.now()) {
    this.#logger = logger
    this.#now = now
  }

  /**
   * Records that a request to a route failed. 503s with the same message and the same class of cause are one outage; any
   * other problem is logged each time.
   */
  failed(route: string, { status, message, cause: err }: ServiceProblem, details: object): void {
    if (status !== 503) {
      this.#logger.error({ ...details, err }, message)
      return
    }
    const key = `${message} ${err instanceof Error ? err.constructor.name : ''}`
    const known = this.#outages.get(key)
    this.#logger[known ? 'debug' : 'error']({ ...details, err }, message)
    const outage = known ?? { message, routes: new Set(), lastAt: 0 }
    outage.routes.add(route)
    outage.lastAt = this.#now()
    this.#outages.set(key, outage)
  }

  /** Records that a request to a route was answered. */
  answered(route: string): void {
    for (const [key, { message, routes, lastAt }] of this.#outages) {
      if (!routes.has(route) || this.#now() - lastAt < settledMs) continue
      this.#outages.delete(key)
      this.#logger.info(`over: ${message}`)
    }
  }
}
