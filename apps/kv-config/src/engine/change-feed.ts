import type { Scope } from './engine.ts'

interface Change {
  key: string
  revision: number
}

interface Waiting {
  scope: Scope
  after: number
  wake(): void
}

/** At least this many of the latest changes are kept. */
const minKept = 10_000

/**
 * The latest changes of a store, and the callers that wait for the next change. It is in memory, so it is empty after
 * a restart.
 */
export class ChangeFeed {
  #changes: Change[] = []
  /** Changes up to this revision are not kept. */
  #floor: number
  #revision: number
  readonly #waiting = new Set<Waiting>()

  constructor(revision: number) {
    this.#floor = revision
    this.#revision = revision
  }

  /** The revision of the latest known change. */
  get revision(): number {
    return this.#revision
  }

  /**
   * Publishes all changes of one or more revisions. The calls must be in the order of revisions: changes up to a published
   * revision are taken for writes without an effect, which keep the revision and wake nobody.
   */
  publish(changes: readonly Change[]): void {
    const news = changes.filter(({ revision }) => revision > this.#revision)
    // One by one: after a restart, more leases may end at once than a call can have arguments.
    for (const change of news) this.#changes.push(change)
    this.#revision = news.at(-1)?.revision ?? this.#revision
    this.#dropOldest()
    for (const { scope, after, wake } of this.#waiting) {
      if (news.some(change => concerns(change, after, scope))) wake()
    }
  }

  /** Starts again at a revision: earlier changes are unknown, so all waiting callers are woken. */
  restart(revision: number): void {
    this.#changes = []
    this.#floor = revision
    this.#revision = revision
    for (const { wake } of this.#waiting) wake()
  }

  /**
   * Resolves once something in the scope may have changed after the revision, or `signal` is aborted. The revision
   * need not be published yet.
   */
  async wait(scope: Scope, after: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#mayHaveChanged(scope, after)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = { scope, after, wake: resolve }
    this.#waiting.add(waiting)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    this.#waiting.delete(waiting)
  }

  #mayHaveChanged(scope: Scope, after: number): boolean {
    return after < this.#floor || this.#changes.some(change => concerns(change, after, scope))
  }

  #dropOldest(): void {
    if (this.#changes.length <= 2 * minKept) return
    const dropped = this.#changes.splice(0, this.#changes.length - minKept)
    this.#floor = dropped.at(-1)?.revision ?? this.#floor
  }
}

/** Whether a change is in the scope, and after the revision. */
function concerns({ key, revision }: Change, after: number, scope: Scope): boolean {
  return revision > after && ('key' in scope ? key === scope.key : key.startsWith(scope.prefix))
}
