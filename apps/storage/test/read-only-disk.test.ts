import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { assertProblem, httpRequest, makeDiskImage, powerCutsAreMissing } from '@darkroom/testing'
import { MiB, patterned } from './content.ts'
import { startStorage } from './storage-process.ts'

test('fault: the disk becomes read-only: 503 for writes and at /readyz, reads continue, and the log names the file once', {
  skip: powerCutsAreMissing(),
}, async t => {
  const disk = makeDiskImage(t)
  const folder = join(disk.mounted, 'storage')
  const storage = await startStorage(t, { folder, mount: disk.mount, env: { LOG_LEVEL: 'error' } })
  const put = (key: string, bytes: number) =>
    httpRequest(storage.url, `/images/${key}/pre`, { method: 'PUT', body: patterned(bytes) })
  for (const [key, bytes] of [
    ['small', 1000],
    ['large', MiB],
  ] as const)
    assert.equal((await put(key, bytes)).status, 201)
  assert.equal((await httpRequest(storage.url, '/readyz')).status, 200)

  disk.makeReadOnly(storage.pid)
  for (let n = 0; n < 5; n++)
    for (const bytes of [1000, MiB]) {
      const refused = await put(`new-${n}`, bytes)
      assertProblem(refused, 503, 'blob-store-unavailable')
      assert.ok(Number(refused.headers['retry-after']) > 0)
      assert.doesNotMatch(String(refused.body), /sqlite|mounted/)
    }
  assertProblem(await httpRequest(storage.url, '/readyz'), 503, 'blob-store-unavailable')
  for (const key of ['small', 'large'])
    assert.equal((await httpRequest(storage.url, `/images/${key}/pre`)).status, 200)
  const logged = storage.stdout.trim().split('\n')
  assert.equal(logged.length, 2, storage.stdout)
  assert.match(storage.stdout, /small-blobs\.sqlite: disk I\/O error/)
  assert.match(storage.stdout, /EROFS: read-only file system, open '[^']*writing/)
  storage.signal('SIGKILL')
  await storage.ended
  await disk.released()
})
