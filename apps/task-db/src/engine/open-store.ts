import type { Logger } from '@darkroom/service-kit'
import type { TaskStore } from './engine.ts'
import { PostgresTaskStore } from './postgres/postgres.ts'
import { SqliteTaskStore } from './sqlite.ts'

/** What the URL of a store looks like. */
export const storeUrlPattern = '^(sqlite:|postgres://|postgresql://).'
const sqlite = 'sqlite:'

export interface StoreSettings {
  /** sqlite:<path>, or postgres://<user>:<password>@<host>[,<host>…]/<database> */
  url: string
  connections: number
  patienceMs: number
  logger: Logger
}

/**
 * The engine that a URL names.
 *
 * @throws UnusableFile, RefusedByPostgres; a PostgreSQL that doesn't answer is waited for
 */
export async function openTaskStore({ url, ...settings }: StoreSettings): Promise<TaskStore> {
  if (url.startsWith(sqlite)) return new SqliteTaskStore({ path: url.slice(sqlite.length) })
  return PostgresTaskStore.open({ url, ...settings })
}
