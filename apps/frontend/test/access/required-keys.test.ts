// Slow: it waits until keys expire, and for a kv-config that does not answer.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { authSetting, keyPrefix } from '@darkroom/contracts'
import { logger } from '@darkroom/image-master/testing'
import { ServiceClients } from '@darkroom/service-kit'
import { assertProblem, freePort, temporaryFolder, until } from '@darkroom/testing'
import { buildApp } from '../../src/app.ts'
import { LocalFacts } from '../../src/keys/local-facts.ts'
import { startFrontend } from '../start-frontend.ts'
import { startGuarded } from './start-guarded.ts'

suite('a frontend that has required keys continues to require them', () => {
  test('keys are required while kv-config has not answered yet: every request returns 503', async t => {
    const { key } = await (await startGuarded(t)).makeKey()
    const clients = new ServiceClients({
      kvUrl: `http://127.0.0.1:${await freePort()}`,
      logger,
      timeoutMs: 500,
    })
    t.after(() => clients.close())
    const isRefused = async (accessMode: 'keys' | 'as-configured', headers: Record<string, string>) => {
      const another = buildApp({ clients, logger, accessMode, intakeCheckMs: 1000 })
      t.after(() => another.close())
      const response = await another.inject({ url: '/images', headers: { host: 'localhost', ...headers } })
      assertProblem(response, 503, 'keys-unknown')
      assert.ok(Number(response.headers['retry-after']) > 0)
    }
    const credentials = [{}, { authorization: `Bearer ${key}` }]
    // At once, because each response waits for kv-config.
    await Promise.all(
      (['keys', 'as-configured'] as const).flatMap(accessMode =>
        credentials.map(headers => isRefused(accessMode, headers)),
      ),
    )
  })

  test('keys are still required when the last key has ended, and when kv-config is emptied', async t => {
    const { clients, store, makeKey, askWith, ask } = await startGuarded(t, { accessMode: 'as-configured' })
    assert.equal((await ask('/images')).status, 200, 'there is no key yet')
    const { id, key } = await makeKey({ expiresAt: new Date(Date.now() + 2000).toISOString() })
    assert.equal((await ask('/images')).status, 401)
    await until('the key has expired', async () => (await askWith(key, '/images')).status === 401)
    assert.equal((await ask('/images')).status, 401)
    await store.revoke(id)
    await until('no key is left', async () => (await store.list()).length === 0)
    await until('the frontend has seen that', async () =>
      /there is no key yet/.test((await ask('/images')).body.toString()),
    )
    assert.equal((await ask('/images')).status, 401)

    const { body } = await clients.kv.getKey({ params: { '*': authSetting }, querystring: {}, headers: {} })
    assert.equal(await (body as { text(): Promise<string> }).text(), '"keys"')
    await clients.kv.deleteKey({ params: { '*': authSetting }, headers: {} })
    const another = await makeKey() // the frontend sees it after the deletion
    await clients.kv.deleteKey({ params: { '*': authSetting }, headers: {} })
    await store.revoke(another.id)
    await until('the key is gone', async () => (await askWith(another.key, '/images')).status === 401)
    assert.equal((await ask('/images')).status, 401)
  })

  test('keys are still required after a restart if the setting is missing or not valid', async t => {
    const guarded = await startGuarded(t, { accessMode: 'as-configured' })
    const { clients, defer, makeKey } = guarded
    const { id } = await makeKey()
    const set = (value: string) =>
      clients.kv.setKey({
        params: { '*': authSetting },
        querystring: {},
        headers: {},
        body: Buffer.from(value),
      })
    const answerAfterRestart = async () => {
      const another = buildApp({ clients, logger, accessMode: 'as-configured', intakeCheckMs: 1000 })
      defer(() => another.close())
      return (await another.inject({ url: '/images', headers: { host: 'localhost' } })).statusCode
    }
    await clients.kv.deleteKey({ params: { '*': authSetting }, headers: {} })
    assert.equal(await answerAfterRestart(), 401)
    await clients.kv.deleteKey({ params: { '*': `${keyPrefix}${id}` }, headers: {} })
    assert.equal(await answerAfterRestart(), 200)
    for (const value of ['keys', '"closed"', '', '"keys"']) {
      await set(value)
      assert.equal(await answerAfterRestart(), 401, value)
    }
    await set('"open"')
    assert.equal(await answerAfterRestart(), 200)
  })

  test('keys are still required after a restart if kv-config was emptied, until an operator opens it', async t => {
    const folder = temporaryFolder(t)
    const guarded = await startFrontend(
      t,
      {},
      { accessMode: 'as-configured', localFacts: new LocalFacts({ folder, logger }) },
    )
    const { clients, defer } = guarded
    const set = (value: string) =>
      clients.kv.setKey({
        ...{ params: { '*': authSetting }, querystring: {}, headers: {} },
        body: Buffer.from(value),
      })
    await set('"keys"')
    await until('keys are required', async () => (await guarded.ask('/images')).status === 401)
    await until('the fact is recorded', () => existsSync(join(folder, 'frontend-requires-keys')))
    await clients.kv.deleteKey({ params: { '*': authSetting }, headers: {} })
    const answerAfterRestart = async () => {
      const localFacts = new LocalFacts({ folder, logger })
      const another = buildApp({
        clients,
        logger,
        accessMode: 'as-configured',
        localFacts,
        intakeCheckMs: 1000,
      })
      defer(() => another.close())
      return (await another.inject({ url: '/images', headers: { host: 'localhost' } })).statusCode
    }
    assert.equal(await answerAfterRestart(), 401)
    await set('"open"')
    assert.equal(await answerAfterRestart(), 200)
  })

  test('keys are still required when the record of a key is not valid', async t => {
    const { clients, makeKey, askWith } = await startGuarded(t)
    const { key, id } = await makeKey()
    const set = (value: string) =>
      clients.kv.setKey({
        params: { '*': `${keyPrefix}${id}` },
        querystring: {},
        headers: {},
        body: Buffer.from(value),
      })
    for (const value of ['', 'null', '{}', '{"hash":""}', '[]']) {
      await set(value)
      await until('it is refused', async () => (await askWith(key, '/images')).status === 401)
    }
  })
})

test('while kv-config does not answer, known keys still work, and other keys do not', async t => {
  const { kv, askWith, makeKey } = await startGuarded(t)
  const { key } = await makeKey()
  await kv.close()
  assert.equal((await askWith(key, '/operations')).status, 200)
  assert.equal((await askWith(`${key}x`, '/operations')).status, 401)
})
