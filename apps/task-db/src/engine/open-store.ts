import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { TaskStore } from './engine.ts'
import { SqliteTaskStore } from './sqlite.ts'

/** The engine that TASK_STORE_URL names. */
export function openTaskStore(config: Config): TaskStore {
  const path = config.taskStoreUrl?.slice('sqlite:'.length) ?? join(config.dataDir, 'task-db.sqlite')
  return new SqliteTaskStore({ path })
}
