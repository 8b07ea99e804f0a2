import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { GroupCommit, openDatabase } from '../src/index.ts'
import { insert, migrations, numbers, openTemporary } from './open-numbers.ts'

test('a write is visible to other connections once it is acknowledged', async t => {
  const { database, path, writes } = openTemporary(t)
  assert.equal(await writes.run(insert(database, 7)), 7)
  const other = new DatabaseSync(path, { readOnly: true })
  assert.deepEqual(numbers(other), [7])
  other.close()
})

/** Opens a database, and counts its transactions. */
function openCounted(t: TestContext) {
  const counted = { begins: 0 }
  const opened = openTemporary(t, database => {
    const prepare = database.prepare.bind(database)
    t.mock.method(database, 'prepare', (sql: string) => {
      const statement = prepare(sql)
      if (!sql.startsWith('BEGIN')) return statement
      const run = statement.run.bind(statement)
      t.mock.method(statement, 'run', () => {
        counted.begins++
        return run()
      })
      return statement
    })
  })
  return { ...opened, counted }
}

test('writes of one turn share one transaction', async t => {
  const { database, writes, counted } = openCounted(t)
  await Promise.all([1, 2, 3].map(n => writes.run(insert(database, n))))
  assert.equal(counted.begins, 1)
  assert.deepEqual(numbers(database), [1, 2, 3])
})

test('a write that another write runs shares its transaction, and fails alone', async t => {
  const { database, writes, counted } = openCounted(t)
  const joined = await writes.run(() => {
    insert(database, 1)()
    return { all: Promise.allSettled([2, 1].map(n => writes.run(insert(database, n)))) }
  })
  assert.deepEqual(
    (await joined.all).map(({ status }) => status),
    ['fulfilled', 'rejected'],
  )
  assert.equal(counted.begins, 1)
  assert.deepEqual(numbers(database), [1, 2])
})

test('an error of onCommit rejects its write alone, and later writes and reads go on', async t => {
  const { database, writes } = openTemporary(t)
  const onCommit = () => assert.fail('not today')
  const failing = assert.rejects(writes.run(insert(database, 1), { onCommit }), /not today/)
  assert.equal(await writes.run(insert(database, 2)), 2)
  await failing
  assert.deepEqual(await writes.read(() => numbers(database)), [1, 2])
  assert.equal(await writes.run(insert(database, 3)), 3)
})

test('a write that throws fails alone', async t => {
  const { database, writes } = openTemporary(t)
  const results = await Promise.allSettled([1, 1, 2].map(n => writes.run(insert(database, n))))
  assert.deepEqual(
    results.map(result => result.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(numbers(database), [1, 2])
})

test('no write of a group that cannot be committed is acknowledged', async t => {
  const { database, path, writes } = openTemporary(t)
  database.exec('PRAGMA busy_timeout = 1')
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  await assert.rejects(writes.run(insert(database, 1)), /database is locked/)
  other.exec('ROLLBACK')
  other.close()
  assert.deepEqual(numbers(database), [])
  assert.equal(await writes.run(insert(database, 2)), 2)
})

test('while the disk is slow, reads see a write before it is acknowledged, and the thread continues', async t => {
  const { database, writes } = openTemporary(t)
  const write = writes.run(insert(database, 1))
  await new Promise(setImmediate)
  assert.deepEqual(numbers(database), [1])
  await writes.read(() => undefined)
  assert.equal(await Promise.race([write, 'not acknowledged']), 1)
})

test('a read sees no write that is not on disk, also between two groups', async t => {
  const { database, writes } = openTemporary(t)
  const acknowledged: number[] = []
  const write = (n: number) =>
    writes.run(insert(database, n), { onCommit: n => acknowledged.push(Number(n)) })
  const looks = []
  const all = []
  for (let n = 0; n < 50; n++) {
    all.push(write(n))
    for (let turn = 0; turn < n % 4; turn++) await new Promise(setImmediate)
    looks.push(writes.read(() => assert.deepEqual(numbers(database), acknowledged)))
  }
  await Promise.all([...all, ...looks])
  assert.deepEqual(acknowledged, await writes.read(() => numbers(database)))
  await assert.rejects(
    writes.read(() => database.prepare('SELECT missing')),
    /no such column: missing/,
  )
})

test('commits are reported in the order of the writes, before a write is acknowledged, and not if it fails', async t => {
  const { database, writes } = openTemporary(t)
  const reports: string[] = []
  const write = async (n: number) => {
    await writes.run(insert(database, n), { onCommit: n => reports.push(`${n} is on disk`) })
    reports.push(`${n} is acknowledged`)
  }
  await Promise.allSettled([3, 1, 1, 2].map(write))
  assert.deepEqual(reports.slice(0, 3), ['3 is on disk', '1 is on disk', '2 is on disk'])
  assert.deepEqual(reports.slice(3), ['3 is acknowledged', '1 is acknowledged', '2 is acknowledged'])
})

test('a long log is written back and truncated, whether or not other connections read', async t => {
  const { database, path, writes } = openTemporary(t)
  database.exec('CREATE TABLE blobs (bytes BLOB)')
  const addMegabyte = () => database.prepare('INSERT INTO blobs VALUES (zeroblob(1048576))').run()
  const other = new DatabaseSync(path, { readOnly: true })
  other.exec('BEGIN; SELECT * FROM numbers')
  for (let megabyte = 0; megabyte < 10; megabyte++) await writes.run(addMegabyte)
  const logSize = () => writes.read(() => statSync(`${path}-wal`).size)
  assert.ok((await logSize()) > 8e6, 'a reader keeps the log')
  other.close()
  await writes.run(addMegabyte)
  assert.equal(await logSize(), 0)
  await writes.run(insert(database, 1))
  assert.deepEqual(numbers(database), [1])
})

test('the log grows ahead of commits, and a copy of the files that were not closed has all rows', async t => {
  const { database, path, writes } = openTemporary(t)
  await writes.run(insert(database, 0))
  const { size } = statSync(`${path}-wal`)
  assert.ok(size > 1024 * 1024, 'the first commit grew the log')
  for (let n = 1; n <= 50; n++) await writes.run(insert(database, n))
  assert.equal(statSync(`${path}-wal`).size, size)

  const copy = join(mkdtempSync(join(tmpdir(), 'sqlite-')), 'copy.db')
  t.after(() => rmSync(dirname(copy), { recursive: true }))
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix)
  const copied = new GroupCommit(openDatabase(copy, migrations))
  await copied.close()
  const reopened = new DatabaseSync(copy)
  assert.equal(numbers(reopened).length, 51)
  reopened.close()
})

test('the log grows behind the rows that another connection writes meanwhile', async t => {
  const { database, path, writes } = openTemporary(t)
  const other = new DatabaseSync(path)
  const write = writes.run(insert(database, 1))
  await new Promise(setImmediate)
  other.exec('INSERT INTO numbers VALUES (2)')
  await write
  other.close()
  assert.ok(statSync(`${path}-wal`).size > 1024 * 1024)
  assert.deepEqual(numbers(database), [1, 2])
})

test('closing lets a pending write finish', async t => {
  const { database, path, writes } = openTemporary(t)
  const write = writes.run(insert(database, 1))
  await writes.close()
  await write
  await writes.close()
  const again = openDatabase(path, migrations)
  assert.deepEqual(numbers(again), [1])
  again.close()
})

test('migrations run once', async t => {
  const { path, writes } = openTemporary(t)
  await writes.close()
  const added = [...migrations, 'ALTER TABLE numbers ADD COLUMN name TEXT']
  for (const _start of [1, 2]) openDatabase(path, added).close()
})
