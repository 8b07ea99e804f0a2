import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertProblem, withEngine } from '@darkroom/testing'
import { buildTestApp } from '../../build-test-app.ts'
import { openEtcdStore, shareEtcd } from './shared-etcd.ts'

withEngine('etcd', program => {
  const etcd = shareEtcd(program)

  test('fault: etcd is full, and writes are refused with 503 while reads, renewals and deletions continue', async t => {
    const app = buildTestApp(t, { store: openEtcdStore(t, etcd()) })
    const put = (url: string, body: string) => app.inject({ method: 'PUT', url, body })
    for (const url of ['/key/a', '/key/b', '/key/leased?ttl=600']) {
      assert.equal((await put(url, 'one')).statusCode, 201)
    }
    // etcd itself raises this alarm when its file has reached --quota-backend-bytes.
    await etcd().post('maintenance/alarm', { action: 'ACTIVATE', alarm: 'NOSPACE' })
    for (const url of ['/key/a', '/key/new', '/key/new?ttl=600']) {
      const refused = await put(url, 'two')
      assertProblem(refused, 503, 'store-full')
      assert.equal(refused.headers['retry-after'], '30')
    }
    assertProblem(await app.inject('/readyz'), 503, 'store-full')
    assert.equal((await app.inject('/key/a')).body, 'one')
    assert.equal((await put('/key/leased?ttl=600', 'one')).statusCode, 200)
    assert.equal((await app.inject({ method: 'DELETE', url: '/key/b' })).statusCode, 204)

    await etcd().post('maintenance/alarm', { action: 'DEACTIVATE', alarm: 'NOSPACE' })
    assert.equal((await put('/key/a', 'two')).statusCode, 200)
    assert.equal((await app.inject('/readyz')).statusCode, 200)
  })
})
