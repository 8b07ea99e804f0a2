import type { Client, TaskChangeLine, taskDbRoutes } from '@darkroom/contracts'
import { Backoff, type Logger } from '@darkroom/service-kit'

export type ChangeListener = (change: TaskChangeLine) => void

export interface ChangeFeedOptions {
  taskDb: Pick<Client<typeof taskDbRoutes>, 'followChanges'>
  logger: Logger
}

/**
 * The task DB's feed of changes, followed once for everybody who waits in this process. Whenever it begins, or breaks
 * off, listeners are told `unknown`: what they wait for may have happened before. So it need not be open when a
 * listener comes, and while it can't be opened, listeners look for themselves at each try.
 */
export class ChangeFeed {
  readonly #options: ChangeFeedOptions
  readonly #listeners = new Set<ChangeListener>()
  readonly #listenersOf = new Map<string, Set<ChangeListener>>()
  readonly #closing = new AbortController()
  #following: Promise<void> | undefined

  constructor(options: ChangeFeedOptions) {
    this.#options = options
  }

  /** Returns what ends the listening. The feed is followed from the first listener on. */
  listen(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    this.#following ??= this.#follow()
    return () => this.#listeners.delete(listener)
  }

  /** The same for one task: `listener` is called with its changes, and with `unknown`. */
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
        if (isLost) logger.info('the feed of changes is back')
        isLost = false
        backoff.reset()
        this.#tell({ kind: 'unknown' })
        for await (const line of linesOf(body)) if (line !== '') this.#tell(JSON.parse(line))
      } catch (error) {
        if (signal.aborted) return
        if (!isLost) logger.warn({ err: error }, 'the feed of changes broke off; trying on')
        isLost = true
      }
      this.#tell({ kind: 'unknown' })
      await backoff.wait(signal)
    }
  }

  #tell(change: TaskChangeLine): void {
    for (const listener of this.#listeners) listener(change)
    const concerned =
      change.kind === 'unknown' ? [...this.#listenersOf.values()] : [this.#listenersOf.get(change.id) ?? []]
    for (const listeners of concerned) for (const listener of listeners) listener(change)
  }
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let unfinished = ''
  for await (const chunk of body) {
    const lines = (unfinished + decoder.decode(chunk, { stream: true })).split('\n')
    unfinished = lines.pop() ?? ''
    yield* lines
  }
}
