import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { watchPrefix } from '@darkroom/service-kit'
import { assertProblem, until } from '@darkroom/testing'
import { Workers } from '../../src/intake/workers.ts'
import { heicHead } from '../heic-head.ts'
import { logger } from '../neighbours.ts'
import { nothingStored, startMaster, storedKeys, upload } from '../start-master.ts'

const heic = heicHead('heic')
/** Its first bytes don't show that it is a HEIC. */
const heif = heicHead('mif1')
const able = { url: 'http://127.0.0.1:1', decodes: ['image/heic'] }
const unable = { url: 'http://127.0.0.1:2' }

async function start(t: TestContext) {
  const master = await startMaster(t)
  const register = (instance: string, registration: object) =>
    master.clients.kv.setKey({
      params: { '*': `services/image-worker/${instance}` },
      querystring: {},
      headers: {},
      body: Buffer.from(JSON.stringify(registration)),
    })
  return { ...master, register }
}

suite('an upload of an optional type', () => {
  test('an upload of an optional type is refused with 503 until a worker that decodes it has registered', async t => {
    const master = await start(t)
    for (const body of [heic, heif]) {
      const refused = await upload(master, body)
      assertProblem(refused, 503, 'no-worker')
      assert.ok(Number(refused.headers['retry-after']) > 0)
    }
    assert.deepEqual(await storedKeys(master), nothingStored)
    await master.register('able', able)
    for (const body of [heic, heif]) {
      const response = await until('it is taken', async () => {
        const taken = await upload(master, body)
        return taken.status === 202 && taken
      })
      assert.match(String(response.body), /"contentType":"image\/heic"/)
    }
  })

  test('an upload of a type that no worker decodes is refused with the package to install', async t => {
    const master = await start(t)
    await master.register('unable', unable)
    for (const body of [heic, heif]) {
      const refused = await until('it is refused permanently', async () => {
        const response = await upload(master, body)
        return response.status === 415 && response
      })
      assertProblem(refused, 415, 'not-decodable')
      assert.match(String(refused.json().detail), /libheif-js/)
    }
    assert.deepEqual(await storedKeys(master), nothingStored)
    await master.register('able', able)
    await until('it is taken', async () => (await upload(master, heic)).status === 202)
  })

  test('an upload of an optional type waits for the first worker to register', async t => {
    const { clients, register, defer } = await start(t)
    const workers = new Workers({ kv: clients.kv, logger, timeoutMs: 60_000 })
    defer(() => workers.close())
    const waiting = workers.requireDecoder('image/heic')
    await register('able', able)
    await waiting
  })

  test('a type is not expected to be decoded when the workers that decode it are absent for long', async t => {
    const { clients, register, defer } = await start(t)
    const followers = [0, 60_000].map(
      absenceMs => new Workers({ kv: clients.kv, logger, timeoutMs: 60_000, absenceMs }),
    )
    defer(() => Promise.all(followers.map(workers => workers.close())))
    const [strict, patient] = followers
    assert.ok(strict && patient)
    assert.deepEqual(strict.undecodable(), [])
    await register('unable', unable)
    await until('the type is lacked', () => strict.undecodable().includes('image/heic'))
    assert.deepEqual(patient.undecodable(), [])
    await register('able', able)
    await until('the type is decoded', () => strict.undecodable().length === 0)
    for (const instance of ['unable', 'able'])
      await clients.kv.deleteKey({ params: { '*': `services/image-worker/${instance}` }, headers: {} })
    await register('unable', unable)
    await until('the type is lacked again', () => strict.undecodable().includes('image/heic'))
    await clients.kv.deleteKey({ params: { '*': 'services/image-worker/unable' }, headers: {} })
    await until('no worker is registered', () => strict.undecodable().length === 0)
  })

  test('a type is accepted while the workers that decode it are unavailable for a moment', async t => {
    const { clients, register, defer } = await start(t)
    const workers = new Workers({ kv: clients.kv, logger, timeoutMs: 60_000 })
    defer(() => workers.close())
    await register('able', able)
    await workers.requireDecoder('image/heic')

    const closing = new AbortController()
    let registered = 1
    const watching = watchPrefix({
      kv: clients.kv,
      logger,
      prefix: 'services/image-worker/',
      signal: closing.signal,
      onChange: values => {
        registered = values.size
      },
    })
    await clients.kv.deleteKey({ params: { '*': 'services/image-worker/able' }, headers: {} })
    await until('the master has read that no worker is registered', () => registered === 0)
    await workers.requireDecoder('image/heic')
    closing.abort()
    await watching
  })
})
