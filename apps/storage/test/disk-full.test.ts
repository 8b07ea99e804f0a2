import assert from 'node:assert/strict'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { assertProblem, blobFiles, httpRequest, mountsAreMissing, temporaryFolder } from '@darkroom/testing'
import { MiB, patterned } from './content.ts'
import { startStorage } from './storage-process.ts'

test('a full disk: 503, nothing is left behind, stored blobs stay, and smaller blobs are still accepted', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const storage = await startStorage(t, { folder, mount: `mount -t tmpfs -o size=9500k tmpfs ${folder}` })
  const put = (key: string, bytes: Uint8Array) =>
    httpRequest(storage.url, `/images/${key}/pre`, { method: 'PUT', body: bytes })
  const files = () => blobFiles(join(`/proc/${storage.pid}/root`, folder)).map(path => basename(path))

  assert.equal((await put('before', patterned(100_000))).status, 201)
  for (const bytes of [patterned(2 * MiB), patterned(900_000)]) {
    const refused = await put('too-large', bytes)
    assert.equal(refused.status, bytes.length > MiB ? 503 : 201)
    if (refused.status === 201) break
    assertProblem(refused, 503, 'disk-full')
    assert.ok(Number(refused.headers['retry-after']) > 0)
    assert.deepEqual(files(), ['before'])
  }
  assert.equal((await put('before', patterned(500_000))).status, 503)
  const kept = await httpRequest(storage.url, '/images/before/pre')
  assert.ok(kept.body.equals(patterned(100_000)))
})

test('a disk full of small blobs: 503, stored blobs stay, and a deletion makes room', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const storage = await startStorage(t, { folder, mount: `mount -t tmpfs -o size=24m tmpfs ${folder}` })
  const path = (n: number) => `/images/blob-${n}/pre`
  const put = (n: number) => httpRequest(storage.url, path(n), { method: 'PUT', body: patterned(60_000, n) })
  let stored = 0
  for (;;) {
    const response = await put(stored)
    if (response.status === 503) {
      assertProblem(response, 503, 'disk-full')
      break
    }
    assert.equal(response.status, 201)
    stored++
    assert.ok(stored < 500, 'the disk becomes full')
  }
  for (let n = 0; n < stored; n++)
    assert.ok((await httpRequest(storage.url, path(n))).body.equals(patterned(60_000, n)), `blob ${n} stays`)
  for (let n = 0; n < 50; n++)
    assert.equal(
      (await httpRequest(storage.url, path(n), { method: 'DELETE' })).status,
      204,
      `blob ${n} of ${stored} is deleted`,
    )
  assert.equal((await put(stored)).status, 201)
})

test('the space of deleted small blobs counts as free for small blobs', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const storage = await startStorage(t, {
    folder,
    mount: `mount -t tmpfs -o size=40m tmpfs ${folder}`,
    env: { MIN_FREE_BYTES: String(12 * MiB) },
  })
  const path = (n: number) => `/images/blob-${n}/pre`
  const put = (n: number, bytes = 60_000) =>
    httpRequest(storage.url, path(n), { method: 'PUT', body: patterned(bytes, n) })
  let stored = 0
  while ((await put(stored)).status === 201) stored++
  for (let n = 0; n < stored; n++) await httpRequest(storage.url, path(n), { method: 'DELETE' })
  for (let n = 0; n < stored / 2; n++) assert.equal((await put(n)).status, 201, `${n} of ${stored}`)
  // The log of the database, of at most some 4 MiB, may have been truncated meanwhile.
  let large = 0
  let response = await put(stored, MiB)
  for (; response.status === 201 && large < 6; large++) response = await put(stored + large + 1, MiB)
  assertProblem(response, 503, 'disk-full')
  assert.equal((await put(0)).status, 201, 'a small blob is still accepted')
})
