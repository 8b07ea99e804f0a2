import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLogger, StoreMisconfigured } from '@darkroom/service-kit'
import { httpRequest, RecordedLog, temporaryFolder } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import { FileBlobStore } from '../src/engine/file/file.ts'
import { problemOf } from './serve.ts'

test('errors of an object store are logged once, and are not in responses', async t => {
  const store = await FileBlobStore.open({ folder: temporaryFolder(t) })
  const refuse = async () => {
    throw new StoreMisconfigured('the object store (http://minio:9000) refuses: check the credentials')
  }
  for (const verb of ['put', 'open', 'list', 'checkReady'] as const) t.mock.method(store, verb, refuse)
  const log = new RecordedLog()
  const app = buildApp({ store, logger: createLogger('storage', 'info', log), maxBlobBytes: 1000 })
  t.after(() => app.close())
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  const requests = [
    ['PUT', '/images/a-key/pre'],
    ['GET', '/images/a-key/pre'],
    ['GET', '/images?stage=pre'],
    ['GET', '/readyz'],
  ] as const
  for (const [method, path] of requests) {
    const response = await httpRequest(url, path, { method, ...(method === 'PUT' && { body: 'x' }) })
    assert.equal(problemOf(response), 'blob-store-unavailable')
    assert.doesNotMatch(String(response.body), /minio|credentials/)
    assert.equal(log.errors.length, 1, 'once, however many requests fail')
    assert.match(JSON.stringify(log.errors.at(-1)), /minio:9000.*check the credentials/)
  }
})
