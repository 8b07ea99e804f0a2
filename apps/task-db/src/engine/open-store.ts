import { type Engines, engineFor, engineUrlPattern, type Logger } from '@darkroom/service-kit'
import type { TaskStore } from './engine.ts'
import { SqliteTaskStore } from './sqlite/sqlite.ts'

export interface StoreSettings {
  /** sqlite:<path>, or postgres://<user>:<password>@<host>[,<host>…]/<database> */
  url: string
  connections: number
  timeoutMs: number
  logger: Logger
}

const engines: Engines<(settings: StoreSettings) => Promise<TaskStore>> = {
  'sqlite:.+': async ({ url }) => new SqliteTaskStore({ path: url.slice('sqlite:'.length) }),
  'postgres(ql)?://.+': async settings => {
    // Imported only when needed: the client takes time to load, and memory.
    const { PostgresTaskStore } = await import('./postgres/postgres.ts')
    return PostgresTaskStore.open(settings)
  },
}

/** The pattern of store URLs. */
export const storeUrlPattern = engineUrlPattern(engines)

/**
 * Opens the engine for a URL. If PostgreSQL doesn't answer, the store waits for it.
 *
 * @throws UnusableFile, StoreMisconfigured
 */
export function openTaskStore(settings: StoreSettings): Promise<TaskStore> {
  return engineFor(engines, settings.url)(settings)
}
