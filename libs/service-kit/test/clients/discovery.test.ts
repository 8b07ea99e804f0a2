import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { RecordedLog, until } from '@darkroom/testing'
import { Discovery } from '../../src/clients/discovery.ts'
import { createLogger } from '../../src/log/logger.ts'
import { FakeKv } from '../fake-kv.ts'

const never = new AbortController().signal

function discover(t: TestContext, urls: string[] = []) {
  const kv = new FakeKv()
  const log = new RecordedLog()
  const register = (n: number, url: string) => kv.set(`services/storage/${n}`, JSON.stringify({ url }))
  for (const [n, url] of urls.entries()) register(n, url)
  const discovery = new Discovery({
    kv: kv.client,
    service: 'storage',
    logger: createLogger('test', 'debug', log),
  })
  t.after(() => discovery.close())
  const found = (count: number) => until(`${count} are found`, () => discovery.urls.length === count)
  const pick = (times: number) => Array.fromAsync({ length: times }, () => discovery.pick(() => never))
  return { kv, log, register, discovery, found, pick }
}

suite('discovery', () => {
  test('discovery returns instances in turn', async t => {
    const { found, pick } = discover(t, ['http://a', 'http://b', 'http://c'])
    await found(3)
    const picked = await pick(6)
    assert.deepEqual(new Set(picked.slice(0, 3)), new Set(['http://a', 'http://b', 'http://c']))
    assert.deepEqual(picked.slice(3), picked.slice(0, 3))
  })

  test('discovery prefers instances that were not suspected', async t => {
    const { discovery, found, pick } = discover(t, ['http://a', 'http://b'])
    await found(2)
    discovery.suspect('http://a')
    assert.deepEqual(new Set(await pick(4)), new Set(['http://b']))
    discovery.suspect('http://b')
    assert.deepEqual(new Set(await pick(4)), new Set(['http://a', 'http://b']))
  })

  test('discovery trusts a suspected instance again after a while', async t => {
    const { discovery, found, pick } = discover(t, ['http://a', 'http://b'])
    await found(2)
    let now = performance.now()
    t.mock.method(performance, 'now', () => now)
    discovery.suspect('http://a')
    assert.deepEqual(new Set(await pick(4)), new Set(['http://b']))
    now += 2000
    assert.deepEqual(new Set(await pick(4)), new Set(['http://a', 'http://b']))
  })

  test('discovery waits for the first instance to register', async t => {
    const { discovery, register } = discover(t)
    const picking = discovery.pick(() => never)
    register(1, 'http://late')
    assert.equal(await picking, 'http://late')
  })

  test('discovery returns undefined when waiting is aborted', async t => {
    const { discovery } = discover(t)
    const controller = new AbortController()
    const picking = discovery.pick(() => controller.signal)
    controller.abort()
    assert.equal(await picking, undefined)
    assert.equal(await discovery.pick(() => AbortSignal.abort()), undefined)
  })

  test('discovery follows instances that come and go', async t => {
    const { kv, discovery, register, found } = discover(t, ['http://a'])
    await found(1)
    register(7, 'http://b')
    await found(2)
    kv.delete('services/storage/0')
    await found(1)
    assert.deepEqual(discovery.urls, ['http://b'])
  })

  test('discovery keeps the known instances while kv-config does not answer, then follows changes', async t => {
    const { kv, pick, register, found } = discover(t, ['http://a'])
    await found(1)
    kv.goAway()
    assert.deepEqual(await pick(1), ['http://a'])
    register(1, 'http://b')
    kv.comeBack()
    await found(2)
  })

  test('discovery skips a registration that is not valid, and logs it', async t => {
    const { kv, log, found } = discover(t, ['http://a'])
    await found(1)
    const otherSchemes = ['mailto:a@b', 'ftp://a', 'file:///a', 'localhost:80'].map(url =>
      JSON.stringify({ url }),
    )
    for (const [n, value] of ['', '{', '{}', '{"url":"nowhere"}', '[]', ...otherSchemes].entries())
      kv.set(`services/storage/x${n}`, value)
    kv.set('services/storage/y', '{"url":"http://b"}')
    await found(2)
    assert.ok(log.lines.some(line => line.level === 40 && line.key === 'services/storage/x0'))
  })
})
