import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { Type } from '@darkroom/contracts/typebox'
import { RecordedLog, until } from '@darkroom/testing'
import { LiveSettings } from '../../src/clients/live-settings.ts'
import { createLogger } from '../../src/log/logger.ts'
import { FakeKv } from '../fake-kv.ts'

const schema = Type.Object({
  maxPixels: Type.Integer({ minimum: 1 }),
  operations: Type.Array(Type.Object({ name: Type.String(), order: Type.String({ default: 'bgr' }) })),
})
const defaults = { maxPixels: 50, operations: [] }

function live(t: TestContext) {
  const kv = new FakeKv()
  const log = new RecordedLog()
  const logger = createLogger('test', 'debug', log)
  const settings = new LiveSettings({ kv: kv.client, service: 'image-master', schema, defaults, logger })
  t.after(() => settings.close())
  const set = (name: string, value: string) => kv.set(`config/image-master/${name}`, value)
  const warned = (name: string) =>
    until(`the log has a warning about ${name}`, () =>
      log.lines.find(line => line.level === 40 && line.name === name),
    )
  return { kv, settings, set, warned }
}

suite('live settings', () => {
  test('live settings take effect when they are set, and have their defaults otherwise', async t => {
    const { kv, settings, set } = live(t)
    assert.deepEqual(settings.current, defaults)
    set('maxPixels', '7')
    await until('it takes effect', () => settings.current.maxPixels === 7)
    set('operations', '[{"name":"swap-channels"}]')
    await until('the other setting takes effect', () => settings.current.operations[0]?.order === 'bgr')
    assert.equal(settings.current.maxPixels, 7)
    kv.delete('config/image-master/maxPixels')
    await until('the default applies', () => settings.current.maxPixels === 50)
    assert.equal(settings.current.operations.length, 1)
  })

  test('live settings of other services are ignored', async t => {
    const { kv, settings, set } = live(t)
    kv.set('config/image-worker/maxPixels', '1')
    set('operations', '[{"name":"x"}]')
    await until('the own setting takes effect', () => settings.current.operations.length === 1)
    assert.equal(settings.current.maxPixels, 50)
  })

  for (const [wrong, rule] of [
    ['0', 'must be at least 1, got 0'],
    ['1.5', 'must be a whole number, got 1.5'],
    ['true', 'must be a whole number, got true'],
    ['"7"', 'must be a whole number, got text'],
    ['null', 'must be a whole number, got null'],
    ['{', 'must be JSON'],
    ['', 'must be JSON'],
  ] as const)
    test(`live settings that are not valid (${wrong || 'empty'}) are logged, and the default is used`, async t => {
      const { settings, set, warned } = live(t)
      set('maxPixels', '7')
      await until('it takes effect', () => settings.current.maxPixels === 7)
      set('maxPixels', wrong)
      assert.equal(
        (await warned('maxPixels')).msg,
        `this live setting is not valid (${rule}); using the default`,
      )
      assert.deepEqual(settings.current, defaults)
    })

  test('live settings that do not exist are logged', async t => {
    const { settings, set, warned } = live(t)
    for (const name of ['maxPixel', 'toString', '__proto__', 'maxPixels/x']) {
      set(name, '1')
      await warned(name)
    }
    assert.deepEqual(settings.current, defaults)
  })

  test('live settings keep their values while kv-config does not answer', async t => {
    const { kv, settings, set } = live(t)
    set('maxPixels', '7')
    await until('it takes effect', () => settings.current.maxPixels === 7)
    kv.goAway()
    set('maxPixels', '8')
    assert.equal(settings.current.maxPixels, 7)
    kv.comeBack()
    await until('the new one takes effect', () => settings.current.maxPixels === 8)
  })
})
