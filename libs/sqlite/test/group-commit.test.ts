import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { GroupCommit, openDatabase } from '../src/index.ts'

const migrations = ['CREATE TABLE numbers (n INTEGER PRIMARY KEY) STRICT']

function openTemporary(
  t: TestContext,
  observe = (_database: DatabaseSync) => {},
  options?: ConstructorParameters<typeof GroupCommit>[1],
) {
  const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
  const path = join(folder, 'test.db')
  const database = openDatabase(path, migrations)
  observe(database)
  const writes = new GroupCommit(database, options)
  t.after(async () => {
    await writes.close()
    rmSync(folder, { recursive: true })
  })
  return { database, path, writes }
}

function insert(database: DatabaseSync, n: number) {
  return () => database.prepare('INSERT INTO numbers VALUES (?) RETURNING n').get(n)?.n
}

function numbers(database: DatabaseSync) {
  return database
    .prepare('SELECT n FROM numbers ORDER BY n')
    .all()
    .map(row => row.n)
}

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
  await writes.settled()
  assert.equal(await Promise.race([write, 'not acknowledged']), 1)
})

test('a long log is written back and truncated, whether or not other connections read', async t => {
  const { database, path, writes } = openTemporary(t)
  database.exec('CREATE TABLE blobs (bytes BLOB)')
  const addMegabyte = () => database.prepare('INSERT INTO blobs VALUES (zeroblob(1048576))').run()
  const other = new DatabaseSync(path, { readOnly: true })
  other.exec('BEGIN; SELECT * FROM numbers')
  for (let megabyte = 0; megabyte < 10; megabyte++) await writes.run(addMegabyte)
  await writes.settled()
  assert.ok(statSync(`${path}-wal`).size > 8e6, 'a reader keeps the log')
  other.close()
  await writes.run(addMegabyte)
  await writes.settled()
  assert.equal(statSync(`${path}-wal`).size, 0)
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

/** Lets statements that begin with this text fail while `isFull`, by default as on a full disk. */
function fillDisk(t: TestContext, start: string, errcode = 13) {
  const disk = { isFull: false }
  const observe = (database: DatabaseSync) => {
    const prepare = database.prepare.bind(database)
    t.mock.method(database, 'prepare', (sql: string) => {
      const statement = prepare(sql)
      if (!sql.startsWith(start)) return statement
      for (const name of ['run', 'get'] as const) {
        const call = statement[name].bind(statement)
        t.mock.method(statement, name, () => {
          if (disk.isFull) throw Object.assign(new Error('database or disk is full'), { errcode })
          return call()
        })
      }
      return statement
    })
  }
  return { disk, observe }
}

test('fault: the disk is full when the log is written back: writes go on, and the log is written back later', async t => {
  const { disk, observe } = fillDisk(t, 'PRAGMA wal_checkpoint')
  const { database, path, writes } = openTemporary(t, observe)
  database.exec('CREATE TABLE blobs (bytes BLOB)')
  const addMegabyte = () => database.prepare('INSERT INTO blobs VALUES (zeroblob(1048576))').run()
  disk.isFull = true
  for (let megabyte = 0; megabyte < 6; megabyte++) await writes.run(addMegabyte)
  assert.ok(statSync(`${path}-wal`).size > 6e6)
  disk.isFull = false
  await writes.run(insert(database, 1))
  await writes.settled()
  assert.equal(statSync(`${path}-wal`).size, 0)
  assert.deepEqual(numbers(database), [1])
})

test('fault: the disk is full at a commit: the group fails, later writes succeed, and the log is truncated to make room', async t => {
  const { disk, observe } = fillDisk(t, 'COMMIT')
  const { database, path, writes } = openTemporary(t, observe)
  await writes.run(insert(database, 1))
  assert.ok(statSync(`${path}-wal`).size > 0)
  disk.isFull = true
  await assert.rejects(writes.run(insert(database, 2)), /database or disk is full/)
  await writes.settled()
  assert.equal(statSync(`${path}-wal`).size, 0)
  disk.isFull = false
  assert.equal(await writes.run(insert(database, 3)), 3)
  assert.deepEqual(numbers(database), [1, 3])
})

test('fault: the disk is full: a write that makes room succeeds with the reserve, another write of its group fails', async t => {
  const full = fillDisk(t, 'COMMIT')
  const { database, path, writes } = openTemporary(t, full.observe)
  await writes.run(insert(database, 1))
  Object.defineProperty(full.disk, 'isFull', { get: () => statSync(`${path}-reserve`).size > 0 })
  const remove = () => database.prepare('DELETE FROM numbers').run().changes
  const outcomes = await Promise.allSettled([
    writes.run(insert(database, 2)),
    writes.run(remove, { makesRoom: true }),
  ])
  assert.ok(outcomes[0].status === 'rejected')
  assert.deepEqual(outcomes[1], { status: 'fulfilled', value: 1 })
  assert.deepEqual(numbers(database), [])
  await writes.settled()
  assert.equal(statSync(`${path}-reserve`).size, 4352 * 1024, 'the reserve is filled for the next deletion')
})

test('a write that fails for a reason of its own is not run again on a full disk', async t => {
  const full = fillDisk(t, 'COMMIT')
  const { database, path, writes } = openTemporary(t, full.observe)
  await writes.run(insert(database, 1))
  Object.defineProperty(full.disk, 'isFull', { get: () => statSync(`${path}-reserve`).size > 0 })
  let runs = 0
  const failing = () => {
    runs++
    throw new Error('not today')
  }
  const remove = () => database.prepare('DELETE FROM numbers').run().changes
  const outcomes = [
    writes.run(failing, { makesRoom: true }),
    writes.run(remove, { makesRoom: true }),
  ] as const
  await assert.rejects(outcomes[0], /not today/)
  assert.equal(await outcomes[1], 1)
  assert.equal(runs, 1)
})

test('a write that a full disk prevents fails with the error that the owner of the database makes', async t => {
  class Full extends Error {}
  const { database, writes } = openTemporary(t, undefined, { fullError: cause => new Full('', { cause }) })
  database.exec('PRAGMA max_page_count = 3')
  const tooLong = () => database.exec('CREATE TABLE more AS SELECT zeroblob(100000) AS bytes')
  const outcomes = await Promise.allSettled([writes.run(insert(database, 1)), writes.run(tooLong)])
  assert.deepEqual(numbers(database), [1])
  assert.ok(outcomes[1].status === 'rejected' && outcomes[1].reason instanceof Full)
})

test('fault: the disk fails when the log is written back: all later writes fail with the error of the owner', async t => {
  class Failed extends Error {}
  const { disk, observe } = fillDisk(t, 'PRAGMA wal_checkpoint', 10)
  const { database, writes } = openTemporary(t, observe, {
    failedError: cause => new Failed('', { cause }),
  })
  database.exec('CREATE TABLE blobs (bytes BLOB)')
  await writes.checkReady()
  disk.isFull = true
  await writes.run(() => database.prepare('INSERT INTO blobs VALUES (zeroblob(5000000))').run())
  await writes.settled()
  disk.isFull = false
  await assert.rejects(writes.checkReady(), Failed)
  await assert.rejects(writes.run(insert(database, 1)), Failed)
  assert.deepEqual(numbers(database), [])
})

test('fault: the disk refuses a commit: the error names the file, and the database is ready when a write succeeds', async t => {
  class Refused extends Error {}
  const { disk, observe } = fillDisk(t, 'COMMIT', 778) // SQLITE_IOERR_WRITE
  const { database, path, writes } = openTemporary(t, observe, {
    refusedError: cause => new Refused('', { cause }),
  })
  disk.isFull = true
  await writes.checkReady()
  await assert.rejects(
    writes.run(insert(database, 1)),
    error => error instanceof Refused && (error.cause as Error).message.startsWith(`${path}: `),
  )
  await assert.rejects(writes.checkReady(), Refused)
  disk.isFull = false
  await writes.checkReady()
  assert.equal(await writes.run(insert(database, 2)), 2)
  assert.deepEqual(numbers(database), [2])
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
