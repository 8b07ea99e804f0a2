import type { Client, TaskChangeLine, taskDbRoutes } from '@darkroom/contracts'
import { Backoff, type Logger } from '@darkroom/service-kit'

export type ChangeListener = (change: TaskChangeLine) => void

interface ChangeFeedOptions {
  taskDb: Pick<Client<typeof taskDbRoutes>, 'followChanges'>
  logger: Logger
}

/**
 * Follows the task DB's feed of changes, once for all listeners of this process. When the feed begins or breaks off,
 * listeners get `unknown`, because changes may have been missed: they then read their tasks. So a listener need not wait
 * until the feed is open. While the feed can't be opened, listeners read their tasks at each attempt.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions
  readonly #listeners = new Set<ChangeListener>()
  readonly #listenersOf = new Map<string, Set<ChangeListener>>()
  readonly #closing = new AbortController()
  #following: Promise<void> | undefined
  #isOpen = false

  constructor(options: ChangeFeedOptions) {
    this.#options = options
  }

  /** Whether listeners get every change from now on, or `unknown`. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Calls `listener` with every change; returns the function that ends this. The first listener starts the feed. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    this.#following ??= this.#follow()
    return () => this.#listeners.delete(listener)
  }

  /** Like `listen`, for one task: calls `listener` with the changes of this task, and with `unknown`. */
  listenTo(id: string, listener: ChangeListener): () => void {
    const listeners = this.#listenersOf.get(id) ?? new Set()
    this.#listenersOf.set(id, listeners.add(listener))
    this.#following ??= this.#follow()
    return () => {
      listeners.delete(listener)
      if (listeners.size === 0 && this.#listenersOf.get(id) === listeners) this.#listenersOf.delete(id)
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { taskDb, logger } = this.#options
    const { signal } = this.#closing
    const backoff = new Backoff(100, 2000)
    let isLost = false
    while (!signal.aborted) {
      try {
        const { body } = await taskDb.followChanges({ signal })
        if (isLost) logger.info('the feed of changes is connected again')
        isLost = false
        backoff.reset()
        this.#notify({ kind: 'unknown' })
        for await (const lines of linesOf(body)) {
          this.#isOpen = true
          for (const line of lines) if (line !== '') this.#notify(JSON.parse(line))
        }
      } catch (error) {
        if (signal.aborted) return
        if (!isLost) logger.warn({ err: error }, 'the feed of changes was interrupted; retrying')
        isLost = true
      }
      this.#isOpen = false
      this.#notify({ kind: 'unknown' })
      await backoff.wait(signal)
    }
  }

  #notify(change: TaskChangeLine): void {
    for (const listener of this.#listeners) listener(change)
    const concerned =
      change.kind === 'unknown' ? [...this.#listenersOf.values()] : [this.#listenersOf.get(change.id) ?? []]
    for (const listeners of concerned) for (const listener of listeners) listener(change)
  }
}

/** The lines that arrive together. An empty line begins the feed; later empty lines keep the connection open. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string[]> {
  const decoder = new TextDecoder()
  let unfinished = ''
  for await (const chunk of body) {
    const lines = (unfinished + decoder.decode(chunk, { stream: true })).split('\n')
    unfinished = lines.pop() ?? ''
    if (lines.length > 0) yield lines
  }
}
