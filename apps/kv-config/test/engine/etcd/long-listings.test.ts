import assert from 'node:assert/strict'
import { json } from 'node:stream/consumers'
import { type TestContext, test } from 'node:test'
import { serveHttp } from '@darkroom/testing'
import { fromBase64, type KeyValue } from '../../../src/engine/etcd/messages.ts'
import { openAt } from './shared-etcd.ts'

const count = 1000

/** Answers like an etcd with many entries with leases, and records the largest request. */
async function startFakeEtcd(t: TestContext) {
  const most = { entries: 0, requests: 0 }
  let requests = 0
  const responses: Record<string, (body: { key?: string; limit?: string; ID?: string }) => object> = {
    '/v3/kv/range': ({ key, limit = '1' }) => {
      most.entries = Math.max(most.entries, Number(limit))
      const first = keys.findIndex(one => one >= fromBase64(key).toString())
      const kvs = keys.slice(first, first + Number(limit)).map(toKeyValue)
      return { header: { revision: '7' }, kvs, more: first + kvs.length < count }
    },
    '/v3/lease/timetolive': ({ ID = '' }) => ({ ID, TTL: '10' }),
  }
  const { url } = await serveHttp(t, async (request, reply) => {
    const response = responses[request.url ?? '']
    if (!response) return // a watch without events
    requests += 1
    most.requests = Math.max(most.requests, requests)
    const body = (await json(request)) as object
    reply.end(JSON.stringify(response(body)), () => {
      requests -= 1
    })
  })
  return { most, endpoint: url }
}

const prefix = 'p/'
const keys = Array.from({ length: count }, (_, n) => `${prefix}key-${String(n).padStart(4, '0')}`)

function toKeyValue(key: string): KeyValue {
  return { key: Buffer.from(key).toString('base64'), value: '', mod_revision: '5', lease: '6' }
}

test('a long listing requests few entries at a time: large values may follow small values', async t => {
  const { most, endpoint } = await startFakeEtcd(t)
  const store = openAt(t, { endpoints: [endpoint], prefix })
  const { entries } = await store.list({ prefix: '', limit: count })
  assert.deepEqual(
    entries.map(({ key }) => prefix + key),
    keys,
  )
  assert.ok(most.entries <= 64, `${most.entries} entries at once`)
  assert.ok(most.requests <= 64, `${most.requests} requests at once`)
})
