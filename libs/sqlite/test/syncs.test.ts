// In its own process: the log imports the functions of node:fs once, so they are replaced before it is imported.
import assert from 'node:assert/strict'
import fs, { readlinkSync, statSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { basename } from 'node:path'
import { test } from 'node:test'

/** The names of the files that were synced. */
const synced: string[] = []
const { fdatasync } = fs
fs.fdatasync = Object.assign((descriptor: number, callback: fs.NoParamCallback) => {
  synced.push(basename(readlinkSync(`/proc/self/fd/${descriptor}`)))
  fdatasync(descriptor, callback)
}, fdatasync)
syncBuiltinESMExports()

const { insert, openTemporary } = await import('./open-numbers.ts')
const skip = process.platform !== 'linux' && 'the names of open files are read from /proc'

test('a group is synced if any of its writes must not be lost', { skip }, async t => {
  const { database, path, writes } = openTemporary(t)
  const log = `${basename(path)}-wal`
  const write = (n: number, mayBeLost: boolean) =>
    writes.run(insert(database, n), { mayBeLost: () => mayBeLost })
  const syncsOf = async (...all: Promise<unknown>[]) => {
    synced.length = 0
    await Promise.all(all)
    return [...synced]
  }
  assert.deepEqual(await syncsOf(write(1, false)), [log])
  assert.deepEqual(await syncsOf(write(2, true)), [])
  assert.deepEqual(await syncsOf(write(3, true), write(4, true)), [])
  assert.deepEqual(await syncsOf(write(5, true), write(6, false)), [log])
  assert.deepEqual(await syncsOf(write(7, false), write(8, true)), [log])
})

test('writes that may be lost keep the log short, and are synced before they are written back', {
  skip,
}, async t => {
  const { database, path, writes } = openTemporary(t)
  const change = database.prepare('INSERT OR REPLACE INTO numbers VALUES (1)')
  let longest = 0
  synced.length = 0
  for (let n = 0; n < 3000; n++) {
    await writes.run(() => change.run(), { mayBeLost: () => true })
    longest = Math.max(longest, statSync(`${path}-wal`).size)
  }
  assert.ok(longest < 6 * 1024 * 1024, `the log had ${longest} bytes`)
  assert.ok(synced.length < 100, `${synced.length} syncs`)
  const writtenBack = synced.flatMap((name, at) => (name === basename(path) ? [synced[at - 1]] : []))
  assert.ok(writtenBack.length > 0)
  assert.deepEqual(new Set(writtenBack), new Set([`${basename(path)}-wal`]))
})
