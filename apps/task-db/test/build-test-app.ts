import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { type Clock, createLogger } from '@darkroom/service-kit'
import { expectDeclaredStatuses } from '@darkroom/service-kit/testing'
import { RecordedTally, temporaryFolder } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import type { TaskStore } from '../src/engine/engine.ts'
import { SqliteTaskStore } from '../src/engine/sqlite/sqlite.ts'

interface Options {
  clusterToken?: string
  store?: TaskStore
  tally?: RecordedTally
}

/** The app with its own store; both are closed when the test has ended. */
export function buildTestApp(
  t: TestContext,
  { clusterToken, store = openStore(t), tally = new RecordedTally() }: Options = {},
) {
  const logger = createLogger('task-db', 'silent')
  const app = expectDeclaredStatuses(t, buildApp({ store, tally, logger, clusterToken, expiryCheckMs: 10 }))
  t.after(() => app.close())
  return app
}

/** A store that the test does not close: its app does. */
export function openStore(t: TestContext, clock?: Clock): SqliteTaskStore {
  return new SqliteTaskStore({ path: join(temporaryFolder(t), 'tasks.sqlite'), ...(clock && { clock }) })
}
