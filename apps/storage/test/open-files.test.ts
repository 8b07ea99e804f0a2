import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import {
  freePort,
  httpRequest,
  procIsMissing,
  startProgram,
  temporaryFolder,
  untilAlive,
} from '@darkroom/testing'
import { patterned } from './content.ts'
import { storageMain } from './storage-process.ts'

test('with a low limit of open files, blobs in all shards can be stored, and most descriptors are left', {
  skip: procIsMissing,
}, async t => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const storage = startProgram(
    t,
    ['sh', '-c', 'ulimit -n 128; exec "$@"', 'sh', process.execPath, storageMain],
    {
      PORT: String(port),
      BLOB_STORE_URL: `file:${temporaryFolder(t)}`,
      KV_URL: 'http://127.0.0.1:1',
      LOG_LEVEL: 'error',
      MIN_FREE_BYTES: '0',
    },
  )
  await untilAlive('storage', storage, async () => (await httpRequest(url, '/healthz')).status === 200)
  const put = (key: string) =>
    httpRequest(url, `/images/${key}/pre`, { method: 'PUT', body: patterned(70_000) })
  const descriptors = () => readdirSync(`/proc/${storage.pid}/fd`).length
  await put('the-first')
  const before = descriptors()
  for (let n = 0; n < 120; n++) assert.equal((await put(`blob-${n}`)).status, 201, storage.stdout)
  assert.ok(descriptors() <= before + 16, `${before} open files became ${descriptors()}`)
})
