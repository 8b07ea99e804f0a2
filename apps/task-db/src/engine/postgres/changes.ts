import { type Logger, StoreUnavailable } from '@darkroom/service-kit'
import type { QueryResultRow } from 'pg'
import type { ChangeListener, TaskChange } from '../engine.ts'
import { Batches } from './batches.ts'
import { ChangeChannel } from './change-channel.ts'
import type { Database } from './database.ts'
import type { Decision } from './decision.ts'
import { failureKind } from './failures.ts'
import { findTasks } from './task-rows.ts'

/** The maximum number of tasks or events in one batch. One notification contains at most this many tasks. */
export const batchSize = 200
/** How many batches of each operation run at once. With more, batches would only be smaller, and wait for the same disk. */
const batchesAtOnce = 2

interface ChangesOptions {
  timeoutMs: number
  logger: Logger
  now?: (() => Date) | undefined
}

/** Makes changes, and announces them to the listeners here and to the other copies of the service. */
export class Changes {
  readonly #database: Database
  readonly #options: ChangesOptions
  readonly #channel: ChangeChannel
  readonly #listeners = new Set<ChangeListener>()

  constructor(database: Database, options: ChangesOptions) {
    this.#database = database
    this.#options = options
    this.#channel = new ChangeChannel({
      servers: database.servers,
      logger: options.logger,
      find: ids => findTasks(database, ids),
      announce: change => this.#announce(change),
    })
  }

  async make<Row extends QueryResultRow, Result>(
    { read, decide }: Decision<Row, Result>,
    deadline = this.#database.deadline(),
  ): Promise<Result[]> {
    const decideByClock = (rows: Row[], databaseNow: Date) => {
      const { writes, ...result } = decide(rows, this.#options.now?.() ?? databaseNow)
      return { writes: [...writes, ...this.#channel.notify(result.changes)], result }
    }
    try {
      const { results, changes } = await this.#database.change({ read, decide: decideByClock }, deadline)
      for (const change of changes) this.#announce(change)
      return results
    } catch (error) {
      if (error instanceof StoreUnavailable) this.#channel.reportUnknownCommit()
      throw error
    }
  }

  inBatches<Item, Result>(
    run: (items: Item[], deadline: number) => Promise<Result[]>,
  ): Batches<Item, Result> {
    const { timeoutMs } = this.#options
    const isItemError = (error: unknown) =>
      !(error instanceof StoreUnavailable) && failureKind(error) === 'fault'
    return new Batches({ run, isItemError, size: batchSize, concurrency: batchesAtOnce, timeoutMs })
  }

  onChange(listener: ChangeListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  close(): Promise<void> {
    return this.#channel.close()
  }

  #announce(change: TaskChange): void {
    for (const listener of this.#listeners) listener(change)
  }
}
