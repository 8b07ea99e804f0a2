import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { RecordedLog, until } from '@darkroom/testing'
import { Registration } from '../../src/clients/registration.ts'
import { createLogger } from '../../src/log/logger.ts'
import { FakeKv } from '../fake-kv.ts'

const key = 'services/storage/instance-1'

function register(t: TestContext, kv = new FakeKv()) {
  const log = new RecordedLog()
  const logger = createLogger('test', 'debug', log)
  const options = {
    kv: kv.client,
    service: 'storage',
    instance: 'instance-1',
    url: 'http://me',
    logger,
  } as const
  const registration = new Registration(options)
  t.after(() => registration.close())
  return { kv, log, registration }
}

suite('a registration', () => {
  test('a registration is in kv-config with a lease, and is deleted when it is closed', async t => {
    const { kv, registration } = register(t)
    await until('it is registered', () => kv.values.get(key) === '{"url":"http://me"}')
    assert.deepEqual(kv.sets[0], { key, ttl: '10' })
    await registration.close()
    await registration.close()
    assert.equal(kv.values.size, 0)
  })

  test('a registration comes back after an outage of kv-config, which is logged once', async t => {
    const kv = new FakeKv()
    kv.goAway()
    const { log } = register(t, kv)
    const warnings = () => log.lines.filter(({ level }) => level === 40).length
    await until('the outage is logged', () => warnings() === 1)
    kv.comeBack()
    await until('it is registered', () => kv.values.has(key))
    assert.equal(warnings(), 1)
    await until('the return is logged, too', () => log.lines.some(({ msg }) => msg === 'registered again'))
  })

  test('a registration closes in time while kv-config does not answer', async t => {
    const { kv, registration } = register(t)
    await until('it is registered', () => kv.values.has(key))
    kv.goAway()
    await registration.close()
  })
})
