// The sync of a large file begins while it is still being written.

import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDiskImage, powerCutsAreMissing, temporaryFolder, until } from '@darkroom/testing'
import { assertAllThere, keepPutting } from './acknowledged-puts.ts'
import { MiB } from './content.ts'
import { startStorage } from './storage-process.ts'

const sizes = { stepBytes: 700_001, maxBytes: 21 * MiB }

test('a power cut while writing large blobs: every acknowledged blob is complete', {
  skip: powerCutsAreMissing(),
}, async t => {
  const disk = makeDiskImage(t)
  const options = { folder: join(disk.mounted, 'data', 'storage'), mount: disk.mount }
  const storage = await startStorage(t, options)
  const puts = keepPutting(storage.url, 'blob', sizes)
  await until('some blobs are acknowledged', () => puts.acknowledged.size >= 30)
  await disk.cutPower(storage.pid)
  await puts.ended
  await storage.ended
  await disk.released()

  const again = await startStorage(t, options)
  await assertAllThere(again.url, puts.acknowledged)
  again.signal('SIGKILL')
  await again.ended
  await disk.released()
})

test('kill -9 while writing large blobs: every acknowledged blob is complete, and no temporary file remains', async t => {
  const folder = temporaryFolder(t)
  const storage = await startStorage(t, { folder })
  const puts = keepPutting(storage.url, 'blob', sizes)
  await until('some blobs are acknowledged', () => puts.acknowledged.size >= 30)
  storage.signal('SIGKILL')
  await storage.ended
  await puts.ended

  const again = await startStorage(t, { folder })
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  assert.deepEqual(
    names.filter(name => name.endsWith('.tmp')),
    [],
  )
  await assertAllThere(again.url, puts.acknowledged)
  again.signal('SIGTERM')
  assert.equal((await again.ended).code, 0)
})
