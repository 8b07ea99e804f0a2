import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertProblem, httpRequest, mountsAreMissing, temporaryFolder } from '@darkroom/testing'
import { MiB, patterned } from './content.ts'
import { startStorage } from './storage-process.ts'

test('a full disk: 503, nothing is left behind, stored blobs stay, and smaller blobs are still accepted', {
  skip: mountsAreMissing(),
}, async t => {
  const folder = temporaryFolder(t)
  const storage = await startStorage(t, { folder, mount: `mount -t tmpfs -o size=1m tmpfs ${folder}` })
  const put = (key: string, bytes: Uint8Array) =>
    httpRequest(storage.url, `/images/${key}/pre`, { method: 'PUT', body: bytes })
  const files = () =>
    readdirSync(join(`/proc/${storage.pid}/root`, folder), { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile() && !entry.name.startsWith('lock.sqlite'))
      .map(entry => entry.name)

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
