import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { childrenOf, freePort, procIsMissing, RecordedLog, until } from '@darkroom/testing'
import { SupervisedWorker } from '../src/start/supervised-worker.ts'

test('fault: the worker is killed: the log mentions memory, and the worker is restarted', {
  skip: procIsMissing,
}, async t => {
  const log = new RecordedLog()
  const before = childrenOf(process.pid)
  const env = { PORT: String(await freePort()), KV_URL: 'http://127.0.0.1:1', LOG_LEVEL: 'silent' }
  const worker = new SupervisedWorker(env, createLogger('image-worker', 'info', log))
  t.after(() => worker.close())
  const started = () => childrenOf(process.pid).find(pid => !before.includes(pid))
  const pid = await until('it runs', started)
  process.kill(pid, 'SIGKILL')
  await until('it runs again', () => ![undefined, pid].includes(started()))
  assert.equal(log.errors.length, 1)
  assert.match(String(log.errors[0]?.msg), /^the image-worker died \(.*no memory left\); restarting it$/)
})
