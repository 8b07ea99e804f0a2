import assert from 'node:assert/strict'
import { mkdirSync, rmSync, statSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { type TestContext, test } from 'node:test'
import { insert, numbers, openTemporary } from './open-numbers.ts'

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
  assert.equal(await writes.read(() => statSync(`${path}-wal`).size), 0)
  assert.deepEqual(numbers(database), [1])
})

test('fault: the disk is full at a commit: the group fails, later writes succeed, and the log is truncated to make room', async t => {
  const { disk, observe } = fillDisk(t, 'COMMIT')
  const { database, path, writes } = openTemporary(t, observe)
  await writes.run(insert(database, 1))
  assert.ok(statSync(`${path}-wal`).size > 0)
  disk.isFull = true
  await assert.rejects(writes.run(insert(database, 2)), /database or disk is full/)
  assert.equal(await writes.read(() => statSync(`${path}-wal`).size), 0)
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
  const reserved = await writes.read(() => statSync(`${path}-reserve`).size)
  assert.equal(reserved, 4352 * 1024, 'the reserve is filled for the next deletion')
})

test('fault: the disk is full, and the reserve cannot be released: writes fail, and later writes succeed', async t => {
  const { disk, observe } = fillDisk(t, 'COMMIT')
  const { database, path, writes } = openTemporary(t, observe)
  rmSync(`${path}-reserve`)
  mkdirSync(`${path}-reserve`)
  disk.isFull = true
  await assert.rejects(writes.run(insert(database, 1), { makesRoom: true }), /database or disk is full/)
  disk.isFull = false
  assert.equal(await writes.run(insert(database, 2)), 2)
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
  await writes.read(() => undefined)
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
