// Slow: it waits until notices are sent again.
import assert from 'node:assert/strict'
import { after, suite, test } from 'node:test'
import { until } from '@darkroom/testing'
import { Webhook } from 'standardwebhooks'
import { buildApp } from '../../src/app.ts'
import { readNetworks } from '../../src/outbound/networks.ts'
import { startGuarded } from '../access/start-guarded.ts'
import { startFrontend } from '../start-frontend.ts'
import { createTask, endTask } from './end-task.ts'
import { startReceiver } from './receiver.ts'

const networks = readNetworks('127.0.0.0/8')
const frontend = await startFrontend({ after }, {}, { networks })
const { taskDb } = frontend.clients
const receiver = await startReceiver({ after }, (response, path, count) => {
  if (path.startsWith('/gone')) response.writeHead(410).end('secret words')
  else if (path.startsWith('/late') && count < 3) response.writeHead(count === 1 ? 503 : 429).end()
  else if (path.startsWith('/moved') && count < 2) response.writeHead(302, { location: '/elsewhere' }).end()
  else response.writeHead(204).end()
})
const url = (path: string) => `http://127.0.0.1:${receiver.port}${path}`

async function callbackOf(id: string) {
  return (await frontend.ask(`/images/${id}`)).json().callback as {
    state: string
    attempts: number
    answer?: string
  }
}

async function untilReported(id: string, state: string) {
  await until(`the notice is ${state}`, async () => (await callbackOf(id)).state === state)
  return callbackOf(id)
}

async function secretOf(): Promise<string> {
  return String((await frontend.ask('/webhooks/secret')).json().secret)
}

suite('a notice', () => {
  test('a notice is posted at the end of an image, signed with the secret of its owner', async () => {
    const { id, version } = await endTask(taskDb, { url: url('/finished') })
    const { url: receiverUrl, ...callback } = (await untilReported(id, 'delivered')) as unknown as Record<
      string,
      unknown
    >
    assert.deepEqual(callback, { state: 'delivered', attempts: 1, answer: '204' })
    assert.equal(receiverUrl, url('/finished'))
    const [notice, ...others] = receiver.of('/finished')
    assert.ok(notice)
    assert.deepEqual(others, [])
    assert.equal(notice.headers['webhook-id'], `${id}_${version}`)
    assert.equal(notice.headers['content-type'], 'application/json')
    assert.match(String(notice.headers['user-agent']), /^Darkroom\//)
    const sent = new Webhook(await secretOf()).verify(notice.body, notice.headers) as Record<string, unknown>
    const { callback: _, ...document } = (await frontend.ask(`/images/${id}`)).json()
    assert.deepEqual(sent, { type: 'image.finished', timestamp: document.finishedAt, data: document })
  })

  test('a notice of a failed image has the reason', async () => {
    const { id } = await endTask(taskDb, { url: url('/failed'), hasFailed: true })
    await untilReported(id, 'delivered')
    const { type, data } = JSON.parse(receiver.of('/failed')[0]?.body ?? '')
    assert.deepEqual([type, data.error.title], ['image.failed', 'Undecodable'])
  })

  test('a notice is sent again with the same id until the receiver accepts it', async () => {
    const { id } = await endTask(taskDb, { url: url('/late') })
    assert.deepEqual((await untilReported(id, 'delivered')).attempts, 3)
    assert.equal(new Set(receiver.of('/late').map(({ headers }) => headers['webhook-id'])).size, 1)
  })

  test('a notice follows no redirect', async () => {
    const { id } = await endTask(taskDb, { url: url('/moved') })
    assert.equal((await untilReported(id, 'delivered')).attempts, 2)
    assert.equal(receiver.of('/elsewhere').length, 0)
  })

  test('a notice is not sent again after 410; the body of the receiver is not shown anywhere', async () => {
    const { id } = await endTask(taskDb, { url: url('/gone') })
    assert.deepEqual((await untilReported(id, 'failed')).answer, '410')
    assert.doesNotMatch(String((await frontend.ask(`/images/${id}`)).body), /secret words/)
  })

  test('a notice has one word for the reason why a receiver was not reached', async () => {
    for (const [target, word] of [
      ['http://localhost:1024/', 'unreachable'],
      ['http://10.0.0.1/', 'not-allowed'],
      [`${frontend.kv.url}/key/x`, 'not-allowed'],
    ] as const) {
      const { id } = await endTask(taskDb, { url: target })
      await until('it was tried', async () => (await callbackOf(id)).answer === word)
    }
  })

  test('a notice is sent again on request with the same id; before the end of the image, this returns 409', async () => {
    const { id } = await endTask(taskDb, { url: url('/again') })
    await untilReported(id, 'delivered')
    const answer = await frontend.ask(`/images/${id}/callback`, { method: 'POST' })
    assert.deepEqual([answer.status, (answer.json().callback as { state: string }).state], [202, 'due'])
    await until('it came again', () => receiver.of('/again').length === 2)
    const [first, second] = receiver.of('/again')
    assert.deepEqual(
      [first?.headers['webhook-id'], first?.body],
      [second?.headers['webhook-id'], second?.body],
    )
    const waiting = await createTask(taskDb, { url: url('/again') })
    assert.equal((await frontend.ask(`/images/${waiting}/callback`, { method: 'POST' })).status, 409)
    assert.equal((await frontend.ask('/images/none/callback', { method: 'POST' })).status, 404)
  })

  test('fault: a frontend is killed: another frontend sends its notice when the lease expires', async () => {
    const created = await createTask(taskDb, { url: url('/killed') })
    const { status } = await taskDb.claimGivenTask({
      params: { id: created },
      body: { worker: 'w', leaseMs: 10_000 },
    })
    assert.equal(status, 200)
    // Behaves like a frontend that is killed at this point.
    const killed = (async () => {
      for (;;) {
        const body = { isSlow: false, limit: 200, leaseMs: 1500 }
        const { tasks } = (await taskDb.claimNotices({ body })).body
        if (tasks.length > 0) return tasks.map(({ id }) => id)
      }
    })()
    const facts = {
      contentType: 'image/png',
      bytes: 7,
      width: 4,
      height: 3,
      frames: 1,
      sha256: 'ab'.repeat(32),
    }
    await taskDb.putTask({ params: { id: created }, body: { state: 'finished', token: 1, result: facts } })
    await Promise.race([killed, untilReported(created, 'delivered')])
    await untilReported(created, 'delivered')
    assert.equal(receiver.of('/killed').length, 1)
  })

  test('a notice is sent once if there are several frontends', async t => {
    const other = buildApp({
      clients: frontend.clients,
      logger: (await import('@darkroom/image-master/testing')).logger,
      accessMode: 'as-configured',
      intakeCheckMs: 1000,
      networks,
    })
    t.after(() => other.close())
    await other.ready()
    const ended = await Promise.all(
      Array.from({ length: 30 }, () => endTask(taskDb, { url: url('/shared') })),
    )
    for (const { id } of ended) await untilReported(id, 'delivered')
    assert.equal(new Set(receiver.of('/shared').map(({ headers }) => headers['webhook-id'])).size, 30)
    assert.equal(receiver.of('/shared').length, 30)
  })
})

suite('the secret', () => {
  test('the secret is rotated without a gap: for a while, notices have both signatures', async () => {
    const before = await secretOf()
    const answer = await frontend.ask('/webhooks/secret/rotate?keep=60', { method: 'POST' })
    assert.deepEqual([answer.status, answer.headers['cache-control']], [201, 'no-store'])
    const rotated = String(answer.json().secret)
    assert.notEqual(rotated, before)
    assert.equal(await secretOf(), rotated)
    const { id } = await endTask(taskDb, { url: url('/rotated') })
    await untilReported(id, 'delivered')
    const [notice] = receiver.of('/rotated')
    assert.ok(notice)
    for (const secret of [before, rotated]) new Webhook(secret).verify(notice.body, notice.headers)
    await frontend.ask('/webhooks/secret/rotate?keep=0', { method: 'POST' })
    const later = await endTask(taskDb, { url: url('/later') })
    await untilReported(later.id, 'delivered')
    const [last] = receiver.of('/later')
    assert.ok(last)
    assert.throws(() => new Webhook(rotated).verify(last.body, last.headers))
    new Webhook(await secretOf()).verify(last.body, last.headers)
  })

  test('a secret that was rotated often signs a notice at most five times, and only valid secrets are shown', async () => {
    const rotate = (keep: number) => frontend.ask(`/webhooks/secret/rotate?keep=${keep}`, { method: 'POST' })
    for (let rotations = 0; rotations < 7; rotations++) await rotate(60)
    const secrets = (await rotate(60)).json()
    const { id } = await endTask(taskDb, { url: url('/often') })
    await untilReported(id, 'delivered')
    const [notice] = receiver.of('/often')
    assert.ok(notice)
    assert.equal(notice.headers['webhook-signature']?.split(' ').length, 5)
    assert.equal((secrets.earlier as object[]).length, 4)
    new Webhook(String(secrets.secret)).verify(notice.body, notice.headers)
    await rotate(0)
    await rotate(1)
    await until('the earlier secret has ended', async () => {
      const { earlier } = (await frontend.ask('/webhooks/secret')).json()
      return (earlier as object[]).length === 0
    })
  })

  test('the secret differs for each owner, is encrypted in kv-config, and signs the notices of its owner', async t => {
    const guarded = await startGuarded(t)
    const [anna, bert] = await Promise.all([
      guarded.makeKey({ owner: 'anna' }),
      guarded.makeKey({ owner: 'bert' }),
    ])
    const [ofAnna, ofBert] = await Promise.all(
      [anna, bert].map(async ({ key }) =>
        String((await guarded.askWith(key, '/webhooks/secret')).json().secret),
      ),
    )
    assert.match(String(ofAnna), /^whsec_[A-Za-z0-9+/]{43}=$/)
    assert.notEqual(ofAnna, ofBert)
    const { body } = await guarded.clients.kv.listKeys({ querystring: { prefix: 'secrets/webhooks/' } })
    assert.deepEqual(
      body.keys.map(({ key }) => key),
      ['secrets/webhooks/anna', 'secrets/webhooks/bert'],
    )
    for (const { value } of body.keys) {
      const stored = Buffer.from(value, 'base64').toString()
      for (const secret of [ofAnna, ofBert]) assert.ok(!stored.includes(String(secret).slice(6)))
    }
    const { id } = await endTask(guarded.clients.taskDb, { url: url('/anna'), owner: 'anna' })
    const repeat = (key: string) => guarded.askWith(key, `/images/${id}/callback`, { method: 'POST' })
    assert.equal((await repeat(bert.key)).status, 404)
    assert.equal((await repeat(anna.key)).status, 202)
    assert.equal((await guarded.ask('/webhooks/secret')).status, 401)
  })
})
