import { StatementSync } from 'node:sqlite'
import type { TestContext } from 'node:test'

/** Makes every commit of SQLite in this process fail as on a full disk. Returns a function that makes room again. */
export function fillDisk(t: Pick<TestContext, 'mock'>): () => void {
  const { run } = StatementSync.prototype
  const mock = t.mock.method(
    StatementSync.prototype,
    'run',
    function (this: StatementSync, ...values: Parameters<StatementSync['run']>) {
      if (this.sourceSQL === 'COMMIT')
        throw Object.assign(new Error('database or disk is full'), { errcode: 13 })
      return run.apply(this, values)
    },
  )
  return () => mock.mock.restore()
}

/** Makes the next write of SQLite in this process fail as on a broken disk: later writes fail, too, until a restart. */
export function breakDisk(t: Pick<TestContext, 'mock'>): void {
  fillDisk(t) // then the log is written back
  const { get } = StatementSync.prototype
  t.mock.method(
    StatementSync.prototype,
    'get',
    function (this: StatementSync, ...values: Parameters<StatementSync['get']>) {
      if (this.sourceSQL.startsWith('PRAGMA wal_checkpoint'))
        throw Object.assign(new Error('disk I/O error'), { errcode: 10 })
      return get.apply(this, values)
    },
  )
}
