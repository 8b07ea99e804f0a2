import { repeat } from './repeat.ts'

interface BackgroundRetriesOptions {
  /** The pause before the first and between two attempts. */
  everyMs: number
  /** Ends all retries. */
  closing: AbortSignal
  /** Whether the action is retried after this error. */
  isPassing(error: unknown): boolean
}

/** Actions that are repeated in the background until they succeed. */
export class BackgroundRetries {
  readonly #options: BackgroundRetriesOptions
  readonly #running = new Set<Promise<void>>()

  constructor(options: BackgroundRetriesOptions) {
    this.#options = options
  }

  /** `onError` is called with an error after which the action is not retried. */
  add(action: () => Promise<unknown>, onError: (error: unknown) => void): void {
    const { everyMs, closing, isPassing } = this.#options
    const done = new AbortController()
    const running = repeat(everyMs, AbortSignal.any([closing, done.signal]), async () => {
      try {
        await action()
        done.abort()
      } catch (error) {
        if (!isPassing(error)) throw error
      }
    })
      .catch(onError)
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when no action is being retried. */
  async ended(): Promise<void> {
    await Promise.all(this.#running)
  }
}
