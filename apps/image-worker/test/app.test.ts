// In its own process: the threads of workers set what libvips reads for the whole process.
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { logger } from '@darkroom/image-master/testing'
import { InvalidConfig, loadConfig } from '@darkroom/service-kit'
import { assertProblem, generateImage, httpRequest, until } from '@darkroom/testing'
import { buildApp } from '../src/app.ts'
import { Config, start } from '../src/start.ts'
import { sample } from './develop/heic/heif-assembler.ts'
import { startPool } from './pool/start-pool.ts'
import { startWorkshop } from './start-workshop.ts'

suite('health and metrics', () => {
  test('health and metrics show what the threads do, and how work ended', async t => {
    const workshop = await startWorkshop(t)
    const clusterToken = 'a-token-of-the-whole-cluster'
    const app = buildApp({
      logger,
      clusterToken,
      findMaster: async () => undefined,
      startPool: ({ workEnded }) => startPool(workshop, { threads: 2, workEnded }).pool,
    })
    workshop.defer(() => app.close())
    const metrics = async () => {
      const headers = { authorization: `Bearer ${clusterToken}` }
      return (await app.inject({ url: '/metrics', headers })).body
    }
    assertProblem(await app.inject('/metrics'), 401, 'unauthorized')
    assert.deepEqual((await app.inject('/healthz')).json(), { status: 'alive' })
    assert.deepEqual((await app.inject('/readyz')).json(), { status: 'ready' })

    await workshop.untilState(await workshop.addTask('ten bytes!'), 'finished')
    await workshop.untilState(await workshop.addTask('exit', 1), 'failed')
    await workshop.addTask('wait')
    const text = await until('all outcomes are counted', async () => {
      const body = await metrics()
      return body.includes('darkroom_threads{state="busy"} 1') && body.includes('kind="failed"') && body
    })
    assert.match(text, /^darkroom_work_ended_total\{kind="finished"\} 1$/m)
    assert.match(text, /^darkroom_work_ended_total\{kind="failed"\} 1$/m)
    assert.match(text, /^darkroom_work_duration_seconds_count 2$/m)
    assert.match(text, /^darkroom_work_bytes_total\{direction="in"\} 10$/m)
    assert.match(text, /^darkroom_work_bytes_total\{direction="out"\} 21$/m)
  })

  test('fault: the worker is alive but not ready while no master is registered', async t => {
    const workshop = await startWorkshop(t)
    const config = loadConfig(Config, { ...workshop.env, THREADS: '1' })
    const worker = await start(config, logger, { pid: 1, kill: () => assert.fail('no thread is stuck') })
    workshop.defer(worker.close)
    assert.equal((await httpRequest(worker.url, '/readyz')).status, 200)
    await workshop.master.close()
    assert.equal((await httpRequest(worker.url, '/healthz')).status, 200)
    const response = await httpRequest(worker.url, '/readyz')
    assertProblem(response, 503, 'unavailable')
    assert.ok(Number(response.headers['retry-after']) > 0)
    await workshop.startMaster()
    await until('it is ready', async () => (await httpRequest(worker.url, '/readyz')).status === 200)
  })
})

suite('a started worker', () => {
  test('a started worker develops an image, is registered, and closes', async t => {
    const workshop = await startWorkshop(t)
    const config = loadConfig(Config, { ...workshop.env, THREADS: '2', WORKER_NAME: 'tester' })
    const worker = await start(config, logger, { pid: 1, kill: () => assert.fail('no thread is stuck') })
    workshop.defer(worker.close)
    const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
    const { body } = await workshop.clients.imageMaster.newImage({ querystring: {}, headers: {}, body: png })
    const id = 'id' in body ? String(body.id) : assert.fail('the upload was not accepted')
    const { result } = await workshop.untilState(id, 'finished')
    assert.deepEqual([result?.contentType, result?.width, result?.height], ['image/png', 40, 30])
    await worker.close()
    const prefix = 'services/image-worker/'
    assert.deepEqual((await workshop.clients.kv.listKeys({ querystring: { prefix } })).body.keys, [])
  })

  test('a started worker registers that it decodes HEIC, and develops HEIC', async t => {
    const workshop = await startWorkshop(t)
    const config = loadConfig(Config, { ...workshop.env, THREADS: '1' })
    const worker = await start(config, logger, { pid: 1, kill: () => assert.fail('no thread is stuck') })
    workshop.defer(worker.close)
    const { kv, imageMaster } = workshop.clients
    const registration = await until('the worker is registered', async () => {
      const { body } = await kv.listKeys({ querystring: { prefix: 'services/image-worker/' } })
      return body.keys[0] && JSON.parse(Buffer.from(body.keys[0].value, 'base64').toString())
    })
    const { worker: name, ...registered } = registration
    assert.match(name, /-1$/)
    assert.deepEqual(registered, { url: worker.url, decodes: ['image/heic'], threads: 1 })
    const taken = await imageMaster.newImage({ querystring: {}, headers: {}, body: sample('camera.heic') })
    const id = 'id' in taken.body ? String(taken.body.id) : assert.fail('the upload was not accepted')
    const { original, result } = await workshop.untilState(id, 'finished')
    assert.deepEqual([original.contentType, original.width, original.height], ['image/heic', 64, 48])
    assert.deepEqual([result?.contentType, result?.width, result?.height], ['image/jpeg', 64, 48])
  })

  test('a started worker reports all invalid settings', () => {
    const wrong = { THREADS: '0', PROCESSING_MS: '1', MAX_PIXELS: 'x' }
    assert.throws(
      () => loadConfig(Config, wrong),
      error =>
        error instanceof InvalidConfig && Object.keys(wrong).every(name => error.message.includes(name)),
    )
  })
})
