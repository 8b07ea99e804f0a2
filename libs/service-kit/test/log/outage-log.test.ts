import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordedLog } from '@darkroom/testing'
import { createLogger } from '../../src/log/logger.ts'
import { OutageLog } from '../../src/log/outage-log.ts'

function open() {
  const log = new RecordedLog()
  let now = 0
  const outages = new OutageLog(createLogger('test', 'info', log), () => now)
  const logged = () => log.lines.map(({ level, msg }) => `${level} ${msg}`)
  return { outages, logged, pass: (ms: number) => (now += ms) }
}

test('an outage is logged once when it begins and once when it is over, even if many requests fail', () => {
  const { outages, logged, pass } = open()
  for (let n = 0; n < 100; n++) outages.failed(n % 2 ? 'GET /a' : 'PUT /a', 'the store is unavailable', {})
  assert.deepEqual(logged(), ['50 the store is unavailable'])
  outages.answered('GET /healthz')
  pass(6000)
  outages.answered('GET /healthz')
  assert.equal(logged().length, 1, 'a route that never failed does not end the outage')
  outages.answered('GET /a')
  outages.answered('PUT /a')
  assert.deepEqual(logged(), ['50 the store is unavailable', '30 over: the store is unavailable'])
})

test('occasional failures of a store are one outage, until it has answered for a while', () => {
  const { outages, logged, pass } = open()
  for (let n = 0; n < 10; n++) {
    outages.failed('PUT /a', 'the store is overloaded', {})
    pass(1000)
    outages.answered('PUT /a')
  }
  assert.deepEqual(logged(), ['50 the store is overloaded'])
  pass(5000)
  outages.answered('PUT /a')
  assert.equal(logged().length, 2)
  outages.failed('PUT /a', 'the store is overloaded', {})
  assert.equal(logged().length, 3, 'the next outage is logged again')
})

test('outages with different reasons are logged separately', () => {
  const { outages, logged } = open()
  for (const message of ['a is unavailable', 'b is full', 'a is unavailable'])
    outages.failed('PUT /a', message, {})
  assert.deepEqual(logged(), ['50 a is unavailable', '50 b is full'])
})
