import assert from 'node:assert/strict'
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { logger, startNeighbours } from '@darkroom/image-master/testing'
import { temporaryFolder, until } from '@darkroom/testing'
import { readOrMakeRoot, SigningKeys } from '../../src/access/signing-keys.ts'
import { LocalFacts } from '../../src/keys/local-facts.ts'

const { clients, kv } = await startNeighbours({ after })
const params = { '*': 'secrets/frontend/root' }

/** The keys of a frontend that starts; with a folder, the frontend records which secret it used. */
function open(t: { after(close: () => Promise<void>): void }, folder?: string): SigningKeys {
  const localFacts = new LocalFacts({ folder, logger })
  const keys = new SigningKeys({ kv: clients.kv, logger, localFacts })
  t.after(async () => {
    await keys.close()
    await localFacts.close()
  })
  return keys
}

function writeRoot(body: Uint8Array) {
  return clients.kv.setKey({ params, querystring: {}, headers: {}, body })
}

async function readRoot(): Promise<Uint8Array | undefined> {
  const reply = await clients.kv.getKey({ params, querystring: {}, headers: {} })
  return reply.status === 200 ? reply.body.bytes() : undefined
}

test('frontends that start together derive the same keys, and a different key for each purpose', async t => {
  const frontends = [open(t), open(t), open(t)]
  const [first, ...others] = await Promise.all(frontends.map(keys => keys.keyFor('links')))
  assert.equal(first?.length, 32)
  for (const other of others) assert.deepEqual(other, first)
  assert.notDeepEqual(await frontends[0]?.keyFor('grants'), first)
  assert.deepEqual(await open(t).keyFor('links'), first, 'a later start')
})

test('a deleted root secret is written again, and a changed root secret takes effect', async t => {
  const keys = open(t)
  const before = await keys.keyFor('links')
  const root = await readRoot()
  await clients.kv.deleteKey({ params, headers: {} })
  await until('the root is back', async () => (await readRoot()) !== undefined)
  assert.deepEqual(await readRoot(), root)
  assert.deepEqual(await keys.keyFor('links'), before)
  await writeRoot(Buffer.alloc(32, 7))
  await until('the key has changed', async () => !(await keys.keyFor('links')).equals(before))
})

test('fault: kv-config was emptied or restored while the frontend was not running: nothing is signed until its secret is back', async t => {
  const folder = temporaryFolder(t)
  const lost = { status: 503, code: 'signing-secret-lost' }
  const before = open(t, folder)
  const key = await before.keyFor('links')
  const root = (await readRoot()) ?? assert.fail('there is no root')
  await before.close()
  await until('the secret is recorded', () => existsSync(join(folder, 'frontend-signing-secret')))

  await clients.kv.deleteKey({ params, headers: {} })
  const emptied = open(t, folder)
  await assert.rejects(emptied.keyFor('links'), lost)
  assert.throws(() => emptied.knownKeyFor('grants'), lost)
  assert.equal(await readRoot(), undefined, 'no other secret was made')

  await writeRoot(Buffer.alloc(32, 8))
  const restored = open(t, folder)
  await assert.rejects(restored.keyFor('links'), lost)
  assert.throws(() => restored.knownKeyFor('sessions'), lost)

  await writeRoot(root)
  for (const keys of [emptied, restored])
    await until('the secret is back', async () =>
      (await keys.keyFor('links').catch(() => key.subarray(1))).equals(key),
    )

  rmSync(join(folder, 'frontend-signing-secret'))
  await writeRoot(Buffer.alloc(32, 9))
  assert.ok(!(await open(t, folder).keyFor('links')).equals(key), 'an operator had it forgotten')
})

test('fault: a secret that is changed while the frontend runs is refused if the frontend has recorded its own', async t => {
  const keys = open(t, temporaryFolder(t))
  const key = await keys.keyFor('links')
  const root = (await readRoot()) ?? assert.fail('there is no root')
  await writeRoot(Buffer.alloc(32, 10))
  const follower = open(t)
  await until('the change is known', async () => !(await follower.keyFor('links')).equals(key))
  assert.deepEqual(await keys.keyFor('links'), key)
  await writeRoot(root)
})

test('a root secret of another length is not used: anyone could derive its keys', async t => {
  const running = open(t)
  const key = await running.keyFor('links')
  const root = (await readRoot()) ?? assert.fail('there is no root')
  for (const length of [0, 1, 31, 33]) {
    await writeRoot(Buffer.alloc(length))
    const started = open(t)
    const refusal = { status: 503, code: 'signing-secret-not-valid' }
    await assert.rejects(started.keyFor('links'), refusal)
    assert.throws(() => started.knownKeyFor('sessions'), refusal)
    await assert.rejects(readOrMakeRoot(clients.kv), refusal)
    assert.deepEqual(await running.keyFor('links'), key)
    await writeRoot(root)
    await until('the secret is back', async () =>
      (await started.keyFor('links').catch(() => key.subarray(1))).equals(key),
    )
  }
})

test('fault: while kv-config has not answered, there is no key: 503', async t => {
  await kv.close()
  const keys = open(t)
  assert.equal(keys.knownKeyFor('links'), undefined)
  await assert.rejects(keys.keyFor('links'), { status: 503, code: 'keys-unknown' })
})
