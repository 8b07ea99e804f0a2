import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { logger, startNeighbours } from '@darkroom/image-master/testing'
import { until } from '@darkroom/testing'
import { SigningKeys } from '../../src/access/signing-keys.ts'

const { clients, kv } = await startNeighbours({ after })
const params = { '*': 'secrets/frontend/root' }

function open(t: { after(close: () => Promise<void>): void }): SigningKeys {
  const keys = new SigningKeys({ kv: clients.kv, logger })
  t.after(() => keys.close())
  return keys
}

async function readRoot(): Promise<Uint8Array | undefined> {
  const reply = await clients.kv.getKey({ params, querystring: {}, headers: {} })
  return reply.status === 200 ? reply.body.bytes() : undefined
}

test('frontends that start together derive the same key for a purpose, and another for another', async t => {
  const frontends = [open(t), open(t), open(t)]
  const [first, ...others] = await Promise.all(frontends.map(keys => keys.keyFor('links')))
  assert.equal(first?.length, 32)
  for (const other of others) assert.deepEqual(other, first)
  assert.notDeepEqual(await frontends[0]?.keyFor('grants'), first)
  assert.deepEqual(await open(t).keyFor('links'), first, 'a later start')
})

test('a root secret that vanished is put back, and one that was changed takes effect', async t => {
  const keys = open(t)
  const before = await keys.keyFor('links')
  const root = await readRoot()
  await clients.kv.deleteKey({ params, headers: {} })
  await until('the root is back', async () => (await readRoot()) !== undefined)
  assert.deepEqual(await readRoot(), root)
  assert.deepEqual(await keys.keyFor('links'), before)
  await clients.kv.setKey({ params, querystring: {}, headers: {}, body: Buffer.alloc(32, 7) })
  await until('the key has changed', async () => !(await keys.keyFor('links')).equals(before))
})

test('fault: while kv-config has not answered, there is no key: 503', async t => {
  await kv.close()
  const keys = open(t)
  assert.equal(keys.knownKeyFor('links'), undefined)
  await assert.rejects(keys.keyFor('links'), { status: 503, code: 'keys-unknown' })
})
