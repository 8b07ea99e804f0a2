import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { grantPrefix, keyPrefix, presetPrefix, problemType, uploadPrefixOf } from '@darkroom/contracts'
import type { HttpResponse } from '@darkroom/testing'
import { until } from '@darkroom/testing'
import { startGuarded } from './access/start-guarded.ts'
import { patchType, png, tus } from './tus-requests.ts'

/** Values that another program, or a mistake, may have written to kv-config. */
const anything = ['', '{', 'null', '[]', '1e400', '{"__proto__":{"isTerminated":true}}', '\u00ff\u0000']

const guarded = await startGuarded({ after })
const { kv } = guarded.clients
const [alice, bert, operator] = await Promise.all([
  guarded.makeKey({ owner: 'alice' }),
  guarded.makeKey({ owner: 'bert' }),
  guarded.makeKey({ role: 'operator' }),
])

async function write(key: string, value: string): Promise<void> {
  await kv.setKey({ params: { '*': key }, querystring: {}, headers: {}, body: Buffer.from(value, 'latin1') })
}

async function read(key: string): Promise<Record<string, unknown>> {
  const reply = await kv.getKey({ params: { '*': key }, querystring: {}, headers: {} })
  assert.equal(reply.status, 200)
  return JSON.parse(Buffer.from(await reply.body.bytes()).toString())
}

function assertRefused(response: HttpResponse, status: number, code: string, detail?: RegExp): void {
  assert.equal(response.status, status, String(response.body))
  assert.equal(response.json().type, problemType(code))
  if (detail) assert.match(String(response.json().detail), detail)
}

suite('a record in kv-config that is not valid', () => {
  test('an invalid record of a resumable upload ends only this upload: clients begin another', async () => {
    const begin = (key: string) =>
      guarded.askWith(key, '/uploads', { method: 'POST', headers: { ...tus, 'upload-length': '1000' } })
    const { headers } = await begin(alice.key)
    const path = new URL(String(headers.location), guarded.url).pathname
    const id = path.slice(path.lastIndexOf('/') + 1)
    const key = uploadPrefixOf('alice') + id
    const valid = await read(key)
    const others = [
      { ...valid, owner: 'bert' },
      { ...valid, metadata: 'a b\r\nx: 1' },
      { ...valid, options: { owner: 'bert' } },
    ]
    for (const value of [...anything, ...others.map(other => JSON.stringify(other))]) {
      await write(key, value)
      const head = await guarded.askWith(alice.key, path, { method: 'HEAD', headers: tus })
      assert.equal(head.status, 404, value)
      const patched = { method: 'PATCH', headers: { ...tus, ...patchType, 'upload-offset': '0' }, body: png }
      const refusal = /record of the upload .* is not valid; begin a new upload/
      assertRefused(await guarded.askWith(alice.key, path, patched), 404, 'upload-not-found', refusal)
      for (const owner of [alice, bert]) {
        const other = await begin(owner.key)
        assert.equal(other.status, 201, value)
        const own = new URL(String(other.headers.location), guarded.url).pathname
        await guarded.askWith(owner.key, own, { method: 'DELETE', headers: tus })
      }
    }
  })

  test('an invalid record of a grant refuses this grant', async () => {
    const token = String((await guarded.askWith(alice.key, '/grants', { method: 'POST' })).json().token)
    const id = token.slice('dg_'.length).split('.')[0]
    for (const value of anything) {
      await write(grantPrefix + id, value)
      const uploaded = await guarded.askWith(token, '/images', { method: 'POST', body: png })
      assertRefused(uploaded, 401, 'grant-refused', /is not valid; ask for another/)
      assert.equal((await guarded.askWith(alice.key, '/grants', { method: 'POST' })).status, 201)
    }
  })

  test('an invalid record of a key, or a record under a name that is not a key, is neither used nor listed', async () => {
    const { id, key } = await guarded.makeKey({ owner: 'carl' })
    const valid = await read(keyPrefix + id)
    const names = ['', 'a/b', '__proto__', 'x'.repeat(400)]
    for (const name of names) await write(keyPrefix + name, JSON.stringify({ ...valid, role: 'operator' }))
    const list = async () => (await guarded.askWith(operator.key, '/keys')).json().keys as { id: string }[]
    const listed = (await list()).map(known => known.id)
    assert.deepEqual(
      listed.filter(known => !/^\w{12}$/.test(known)),
      [],
    )
    assert.ok(listed.includes(id))
    const refused = () => guarded.askWith(key, '/operations')
    // RFC 3339 allows this leap second, and `Date` does not.
    await write(keyPrefix + id, JSON.stringify({ ...valid, expiresAt: '2016-12-31T23:59:60Z' }))
    await until('its end is read as past', async () => (await refused()).status === 401)
    for (const value of anything) {
      await write(keyPrefix + id, value)
      await until('it is refused', async () => (await refused()).status === 401)
      assert.equal((await guarded.askWith(alice.key, '/operations')).status, 200)
    }
  })

  test('an invalid record of a preset is refused by its name, and not listed', async () => {
    const flip = '{"operations":[{"name":"flip"}]}'
    await write(`${presetPrefix}good`, flip)
    for (const name of ['', 'a/b', '%2e', 'é']) await write(presetPrefix + name, flip)
    for (const value of anything) {
      await write(`${presetPrefix}bad`, value)
      const uploaded = await guarded.askWith(alice.key, '/images?preset=bad', { method: 'POST', body: png })
      assertRefused(uploaded, 400, 'invalid-preset', /"bad" in kv-config is not valid/)
      const { presets } = (await guarded.askWith(alice.key, '/presets')).json()
      assert.deepEqual(presets, [{ name: 'good', operations: [{ name: 'flip' }] }])
    }
  })

  test('an invalid record of a webhook secret is refused with what to do, and rotated', async () => {
    const key = 'secrets/webhooks/alice'
    const secretOf = (owner: { key: string }) => guarded.askWith(owner.key, '/webhooks/secret')
    const createdAt = new Date().toISOString()
    const sealed = ['', 'AAAA', Buffer.alloc(60).toString('base64')].map(text =>
      JSON.stringify({ secrets: [{ sealed: text, createdAt }] }),
    )
    for (const value of [...anything, '{"secrets":[{}]}', ...sealed]) {
      await write(key, value)
      assertRefused(await secretOf(alice), 503, 'secret-unreadable', /rotate it/)
      assert.equal((await secretOf(bert)).status, 200)
      const rotated = await guarded.askWith(alice.key, '/webhooks/secret/rotate', { method: 'POST' })
      assert.equal(rotated.status, 201, value)
      assert.deepEqual(rotated.json().earlier, [])
      assert.equal((await secretOf(alice)).json().secret, rotated.json().secret)
    }
  })
})
