import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { expectDeclaredStatuses } from '@darkroom/service-kit/testing'
import { temporaryFolder } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import type { KvStore } from '../src/engine/engine.ts'
import { SqliteKvStore } from '../src/engine/sqlite.ts'

interface Options {
  clusterToken?: string
  store?: KvStore
}

/** The app with its own store; both are closed when the test has ended. */
export function buildTestApp(t: TestContext, { clusterToken, store = openStore(t) }: Options = {}) {
  const logger = createLogger('kv-config', 'silent')
  const app = expectDeclaredStatuses(t, buildApp({ store, logger, clusterToken }))
  t.after(() => app.close())
  return app
}

export function openStore(t: TestContext): SqliteKvStore {
  return new SqliteKvStore({ path: join(temporaryFolder(t), 'kv.sqlite') })
}
