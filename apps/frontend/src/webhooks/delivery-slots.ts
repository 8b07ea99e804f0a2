/** How many notices are sent at the same time. */
interface SlotLimits {
  all: number
  /** For one host. */
  host: number
  /** For hosts that are not known to answer fast, together. */
  notFast: number
  /** For hosts without a result in the last ten minutes, together. */
  untried: number
  /** For hosts that answer slowly, together. */
  slow: number
  /** For hosts that failed lately, together. */
  failing: number
}

export const defaultSlots: SlotLimits = {
  all: 64,
  host: 4,
  notFast: 56,
  untried: 48,
  slow: 32,
  failing: 8,
}

/** A host that took longer for its last response counts as slow. */
export const slowResponseMs = 500

/** After this time, the result of a host no longer counts. */
const resultLifetimeMs = 600_000
/** The oldest results are deleted first. */
const maxHosts = 10_000
/** A claim that names this many hosts of 255 letters is a quarter of the size that task-db accepts. */
const maxNamedHosts = 1000

type HostState = 'good' | 'untried' | 'slow' | 'failing'

/**
 * Divides the slots for simultaneous deliveries between receivers. Receivers that failed lately or that answer slowly share
 * a few slots, and new receivers can't take all slots. So receivers that answer fast get a slot at once, even if many
 * others don't answer.
 */
export class DeliverySlots {
  readonly #limits: SlotLimits
  readonly #now: () => number
  readonly #results = new Map<string, { state: HostState; at: number }>()
  readonly #used = { all: 0, good: 0, untried: 0, slow: 0, failing: 0 }
  readonly #usedBy = new Map<string, number>()

  constructor(limits: SlotLimits = defaultSlots, now: () => number = () => performance.now()) {
    this.#limits = limits
    this.#now = now
  }

  stateOf(host: string): HostState {
    const result = this.#results.get(host)
    return !result || this.#now() - result.at > resultLifetimeMs ? 'untried' : result.state
  }

  isBusy(host: string): boolean {
    return (this.#usedBy.get(host) ?? 0) >= this.#limits.host
  }

  /** Hosts that have no free slot. */
  get busyHosts(): string[] {
    return [...this.#usedBy.keys()].filter(host => this.isBusy(host))
  }

  /** Free slots for hosts that failed lately. */
  get freeOfFailing(): number {
    return this.#freeOf('failing')
  }

  /** Free slots for hosts without a result. */
  get freeOfUntried(): number {
    return this.#freeOf('untried')
  }

  /** The hosts that answered most recently. */
  get answeringHosts(): string[] {
    const hosts = [...this.#results.keys()].filter(host => this.hasAnswered(host))
    return hosts.slice(-maxNamedHosts)
  }

  /** Whether the last result of a host is a response, fast or slow. */
  hasAnswered(host: string): boolean {
    return ['good', 'slow'].includes(this.stateOf(host))
  }

  /** Takes a slot; undefined if none is free. Dispose of it to free the slot. */
  take(host: string): Disposable | undefined {
    const state = this.stateOf(host)
    if (this.#freeOf(state) <= 0 || this.isBusy(host)) return undefined
    this.#count(host, state, 1)
    return { [Symbol.dispose]: () => this.#count(host, state, -1) }
  }

  /** Records whether a host answered well, and how long it took. */
  record(host: string, isGood: boolean, tookMs = 0): void {
    const state = !isGood ? 'failing' : tookMs > slowResponseMs ? 'slow' : 'good'
    this.#results.delete(host)
    this.#results.set(host, { state, at: this.#now() })
    const [oldest] = this.#results.keys()
    if (this.#results.size > maxHosts && oldest !== undefined) this.#results.delete(oldest)
  }

  #freeOf(state: HostState): number {
    const { all, notFast, ...limits } = this.#limits
    const free = all - this.#used.all
    if (state === 'good') return free
    return Math.min(free, notFast - (this.#used.all - this.#used.good), limits[state] - this.#used[state])
  }

  #count(host: string, state: HostState, change: 1 | -1): void {
    this.#used.all += change
    this.#used[state] += change
    const used = (this.#usedBy.get(host) ?? 0) + change
    if (used === 0) this.#usedBy.delete(host)
    else this.#usedBy.set(host, used)
  }
}
