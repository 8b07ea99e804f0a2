import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordedLog } from '@darkroom/testing'
import { createLogger } from '../../src/log/logger.ts'
import { OutageLog } from '../../src/log/outage-log.ts'
import { ServiceProblem, unavailable } from '../../src/problems/problems.ts'

function open() {
  const log = new RecordedLog()
  let now = 0
  const outages = new OutageLog(createLogger('test', 'info', log), () => now)
  const logged = () => log.lines.map(({ level, msg }) => `${level} ${msg}`)
  const failed = (route: string, message: string) =>
    outages.failed(route, unavailable('unavailable', message, 1), {})
  return { outages, failed, logged, pass: (ms: number) => (now += ms) }
}

test('an outage is logged once when it begins and once when it is over, even if many requests fail', () => {
  const { outages, failed, logged, pass } = open()
  for (let n = 0; n < 100; n++) failed(n % 2 ? 'GET /a' : 'PUT /a', 'the store is unavailable')
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
  const { outages, failed, logged, pass } = open()
  for (let n = 0; n < 10; n++) {
    failed('PUT /a', 'the store is overloaded')
    pass(1000)
    outages.answered('PUT /a')
  }
  assert.deepEqual(logged(), ['50 the store is overloaded'])
  pass(5000)
  outages.answered('PUT /a')
  assert.equal(logged().length, 2)
  failed('PUT /a', 'the store is overloaded')
  assert.equal(logged().length, 3, 'the next outage is logged again')
})

test('outages with different reasons are logged separately', () => {
  const { failed, logged } = open()
  for (const message of ['a is unavailable', 'b is full', 'a is unavailable']) failed('PUT /a', message)
  assert.deepEqual(logged(), ['50 a is unavailable', '50 b is full'])
})

test('a problem that is not an outage is logged each time', () => {
  const { outages, logged } = open()
  for (let n = 0; n < 2; n++) outages.failed('PUT /a', new ServiceProblem(500, 'internal-error', 'a bug'), {})
  assert.deepEqual(logged(), ['50 a bug', '50 a bug'])
})
