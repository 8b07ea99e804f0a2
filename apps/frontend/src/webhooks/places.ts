/** How many notices are sent at once. */
export interface PlaceLimits {
  all: number
  host: number
  /** How many to hosts that have not accepted a notice yet. */
  untried: number
  /** How many to hosts that failed lately. */
  failing: number
}

export const defaultPlaces: PlaceLimits = { all: 64, host: 4, untried: 48, failing: 8 }

/** After this time, a failure of a host no longer counts. */
const forgetMs = 600_000
/** The oldest are forgotten first. */
const maxHosts = 10_000

type Standing = 'good' | 'untried' | 'failing'

/**
 * Shares the places for simultaneous deliveries between receivers. Receivers that failed lately share a few places, and
 * new receivers can't take all. So receivers that answer get a place at once, however many others don't answer.
 */
export class Places {
  readonly #limits: PlaceLimits
  readonly #now: () => number
  readonly #results = new Map<string, { isGood: boolean; at: number }>()
  readonly #used = { all: 0, good: 0, untried: 0, failing: 0 }
  readonly #usedBy = new Map<string, number>()

  constructor(limits: PlaceLimits = defaultPlaces, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  isFailing(host: string): boolean {
    return this.#standingOf(host) === 'failing'
  }

  isBusy(host: string): boolean {
    return (this.#usedBy.get(host) ?? 0) >= this.#limits.host
  }

  /** Free places for hosts that failed lately. */
  get freeOfFailing(): number {
    return Math.min(this.#limits.failing - this.#used.failing, this.#limits.all - this.#used.all)
  }

  /** Takes a place; undefined if none is free. Dispose of it to free the place. */
  take(host: string): Disposable | undefined {
    const standing = this.#standingOf(host)
    const { all, untried, failing } = this.#limits
    const limit = { good: all, untried, failing }[standing]
    if (this.#used.all >= all || this.#used[standing] >= limit || this.isBusy(host)) return undefined
    this.#count(host, standing, 1)
    return { [Symbol.dispose]: () => this.#count(host, standing, -1) }
  }

  /** Remembers whether a host answered well. */
  remember(host: string, isGood: boolean): void {
    this.#results.delete(host)
    this.#results.set(host, { isGood, at: this.#now() })
    const [oldest] = this.#results.keys()
    if (this.#results.size > maxHosts && oldest !== undefined) this.#results.delete(oldest)
  }

  #standingOf(host: string): Standing {
    const result = this.#results.get(host)
    if (!result || this.#now() - result.at > forgetMs) return 'untried'
    return result.isGood ? 'good' : 'failing'
  }

  #count(host: string, standing: Standing, change: 1 | -1): void {
    this.#used.all += change
    this.#used[standing] += change
    const used = (this.#usedBy.get(host) ?? 0) + change
    if (used === 0) this.#usedBy.delete(host)
    else this.#usedBy.set(host, used)
  }

  /** Hosts that have no free place. */
  get busyHosts(): string[] {
    return [...this.#usedBy.keys()].filter(host => this.isBusy(host))
  }
}
