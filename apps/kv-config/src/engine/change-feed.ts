import type { Scope } from './engine.ts'

interface Change {
  key: string
  revision: number
}

const remembered = 10_000

/** The latest changes of a store, and who waits for the next. Lives in memory: after a restart it is empty. */
export class ChangeFeed {
  #changes: Change[] = []
  /** Changes up to this revision are not remembered. */
  #floor: number
  #revision: number
  readonly #waiting = new Set<{ scope: Scope; wake(): void }>()

  constructor(revision: number) {
    this.#floor = revision
    this.#revision = revision
  }

  /** Writes that changed nothing keep the revision, and are no news. */
  publish(change: Change): void {
    if (change.revision <= this.#revision) return
    this.#changes.push(change)
    this.#revision = change.revision
    if (this.#changes.length > 2 * remembered) {
      const forgotten = this.#changes.splice(0, remembered)
      this.#floor = forgotten.at(-1)?.revision ?? this.#floor
    }
    for (const { scope, wake } of this.#waiting) if (isIn(scope, change.key)) wake()
  }

  /** Resolves once something in the scope may have changed after the revision, or `signal` is aborted. */
  async wait(scope: Scope, after: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.#mayHaveChanged(scope, after)) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const waiting = { scope, wake: resolve }
    this.#waiting.add(waiting)
    signal.addEventListener('abort', () => resolve(), { once: true })
    await promise
    this.#waiting.delete(waiting)
  }

  #mayHaveChanged(scope: Scope, after: number): boolean {
    const isUnknown = after < this.#floor || after > this.#revision
    return isUnknown || this.#changes.some(change => change.revision > after && isIn(scope, change.key))
  }
}

function isIn(scope: Scope, key: string): boolean {
  return 'key' in scope ? key === scope.key : key.startsWith(scope.prefix)
}
