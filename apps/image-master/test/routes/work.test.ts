import assert from 'node:assert/strict'
import { createHash, hash } from 'node:crypto'
import { after, suite, test } from 'node:test'
import { problemType, type Work } from '@darkroom/contracts'
import { generateImage, type HttpResponse, httpRequest, until } from '@darkroom/testing'
import { error, facts } from '../sample-facts.ts'
import { type Master, startMaster, storedKeys, upload } from '../start-master.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const waitSeconds = 50

function getWork({ url }: Master, query: string, signal?: AbortSignal): Promise<HttpResponse> {
  return httpRequest(url, `/getWork?${query}`, signal && { signal })
}

/** A long poll that has arrived, with its future response. */
async function holdPoll(master: Master, worker: string, signal?: AbortSignal) {
  const before = master.requests.arrived
  const answer = getWork(master, `worker=${worker}&wait=${waitSeconds}`, signal)
  await until('the poll has arrived', () => master.requests.arrived > before)
  return { answer }
}

function send({ url }: Master, path: string, body: object): Promise<HttpResponse> {
  const headers = { 'content-type': 'application/json' }
  return httpRequest(url, path, { method: 'POST', headers, body: JSON.stringify(body) })
}

async function claimed(master: Master): Promise<{ work: Work; held: { id: string; lease: number } }> {
  await upload(master, png)
  const work = (await getWork(master, 'worker=w')).json() as unknown as Work
  return { work, held: { id: work.id, lease: work.lease.token } }
}

suite('work by long poll', () => {
  test('a poll is answered when an image comes, long before its wait ends', async t => {
    const startedAt = performance.now()
    const master = await startMaster(t)
    const one = await holdPoll(master, 'one')
    const two = await holdPoll(master, 'two')
    const uploaded = [await upload(master, png), await upload(master, png)].map(({ json }) => json().id)
    const [first, second] = await Promise.all([one.answer, two.answer])
    assert.deepEqual([first.status, second.status], [200, 200])
    assert.deepEqual([first.json().id, second.json().id].sort(), uploaded)
    assert.ok(performance.now() - startedAt < (waitSeconds * 1000) / 2)
  })

  test('fault: a worker hangs up: its task goes to the next worker, as a first attempt', async t => {
    const startedAt = performance.now()
    const master = await startMaster(t)
    const controller = new AbortController()
    const gone = await holdPoll(master, 'gone', controller.signal)
    const waiting = await holdPoll(master, 'next')
    controller.abort()
    await assert.rejects(gone.answer)
    await until('the master has noticed', () => master.requests.hungUp > 0)
    await upload(master, png)
    const { attempt } = (await waiting.answer).json()
    assert.equal(attempt, 1)
    assert.ok(performance.now() - startedAt < (waitSeconds * 1000) / 2)
  })

  test('closing the app answers held polls with 204 at once', async t => {
    const startedAt = performance.now()
    const master = await startMaster(t)
    const polls = [await holdPoll(master, 'one'), await holdPoll(master, 'two')]
    await master.app.close()
    for (const { answer } of polls) assert.equal((await answer).status, 204)
    assert.ok(performance.now() - startedAt < (waitSeconds * 1000) / 2)
  })

  test('fault: without a task DB a poll returns 503 with Retry-After', async t => {
    const master = await startMaster(t)
    await master.taskDb.close()
    const { status, headers } = await getWork(master, 'worker=w&wait=1')
    assert.equal(status, 503)
    assert.ok(Number(headers['retry-after']) > 0)
  })
})

suite('messages of workers', async () => {
  const master = await startMaster({ after }, { LEASE_MS: '60000' })

  test('work has its operations, its attempt and a lease; without work the response is 204', async () => {
    assert.equal((await getWork(master, 'worker=w')).status, 204)
    const { id, operations } = (await upload(master, png)).json()
    const answer = await getWork(master, 'worker=w')
    const { lease, ...work } = answer.json() as unknown as Work
    const original = { bytes: png.length, sha256: hash('sha256', png) }
    assert.deepEqual(work, { id, operations, original, attempt: 1 })
    assert.deepEqual(Object.keys(lease).sort(), ['durationMs', 'expiresAt', 'token'])
    assert.equal((await getWork(master, 'worker=w&wait=0.05')).status, 204)
  })

  test('a lease is renewed; the lease of a deleted task is cancelled; renewing an expired lease returns 409', async () => {
    const { work, held } = await claimed(master)
    const renewed = await send(master, '/extendWork', held)
    assert.equal(renewed.status, 200)
    assert.equal(renewed.json().cancelled, false)
    assert.ok(String(renewed.json().expiresAt) >= work.lease.expiresAt)
    const lost = await send(master, '/extendWork', { ...held, lease: held.lease + 1 })
    assert.deepEqual([lost.status, lost.json().type], [409, problemType('lease-lost')])
    await master.clients.taskDb.deleteTask({ params: { id: held.id } })
    const cancelled = await send(master, '/extendWork', held)
    assert.deepEqual([cancelled.status, cancelled.json().cancelled], [200, true])
  })

  test('finished, failed and returned tasks have these states in the task DB', async () => {
    const stateOf = async (id: string) => {
      const { status, body } = await master.clients.taskDb.getTask({ params: { id } })
      return status === 200 ? body.state : status
    }
    const finished = await claimed(master)
    assert.equal((await send(master, '/workFinished', { ...finished.held, result: facts })).status, 204)
    assert.equal(await stateOf(finished.held.id), 'finished')
    const failed = await claimed(master)
    const failure = { ...failed.held, error, retryable: false }
    assert.equal((await send(master, '/workFailed', failure)).status, 204)
    assert.equal(await stateOf(failed.held.id), 'failed')
    const returned = await claimed(master)
    assert.equal((await send(master, '/workReturned', returned.held)).status, 204)
    assert.equal(await stateOf(returned.held.id), 'not-started')
    const again = (await getWork(master, 'worker=w')).json() as unknown as Work
    assert.deepEqual([again.id, again.attempt], [returned.held.id, 1])
    for (const [path, more] of [
      ['/workFinished', { result: facts }],
      ['/workFailed', { error, retryable: true }],
      ['/workReturned', {}],
    ] as const) {
      const late = await send(master, path, { ...returned.held, ...more })
      assert.deepEqual([late.status, late.json().type], [409, problemType('lease-lost')], path)
    }
  })

  test('a report that requests more work gets the next task; a repeated or late report gets none', async () => {
    const first = await claimed(master)
    const second = (await upload(master, png)).json()
    const report = { ...first.held, result: facts, next: { worker: 'w', inline: 10_000 } }
    const reply = await send(master, '/workFinished', report)
    assert.equal(reply.status, 200)
    const { id, original } = reply.json() as unknown as Work
    assert.equal(id, second.id)
    assert.equal(Buffer.from(String(original.content), 'base64').length, original.bytes)
    await upload(master, png)
    assert.equal((await send(master, '/workFinished', report)).status, 204)
    const lost = { ...report, lease: report.lease + 1 }
    assert.equal((await send(master, '/workFinished', lost)).status, 409)
    const third = await getWork(master, 'worker=w&inline=1')
    const { attempt, original: alone } = third.json() as unknown as Work
    assert.deepEqual([third.status, attempt, alone.content], [200, 1, undefined])
  })

  test('a result that comes with the report is stored before the task is finished', async () => {
    const { held } = await claimed(master)
    const { bytes, sha256, ...shown } = facts
    const content = Buffer.from('developed').toString('base64')
    assert.equal(
      (await send(master, '/workFinished', { ...held, result: { ...shown, content } })).status,
      204,
    )
    const { storage, taskDb } = master.clients
    const stored = await storage.getBlob({ params: { key: held.id, stage: 'post' }, headers: {} })
    assert.ok(stored.status === 200)
    assert.equal(await stored.body.text(), 'developed')
    const task = await taskDb.getTask({ params: { id: held.id } })
    assert.ok(task.status === 200)
    const expected = createHash('sha256').update('developed').digest('hex')
    assert.deepEqual([task.body.result?.bytes, task.body.result?.sha256], [9, expected])
    assert.notDeepEqual([bytes, sha256], [9, expected])
  })

  for (const [path, more] of [
    ['/workFinished', { result: facts }],
    ['/workFailed', { error, retryable: true }],
    ['/workReturned', {}],
  ] as const) {
    test(`${path} of a deleted task is accepted, and its bytes are removed`, async () => {
      const before = await storedKeys(master)
      const { held } = await claimed(master)
      const { clients } = master
      await clients.taskDb.deleteTask({ params: { id: held.id } })
      const params = { key: held.id, stage: 'post' as const }
      await clients.storage.putBlob({
        params,
        querystring: { fence: 1 },
        headers: {},
        body: Buffer.from('x'),
      })
      assert.equal((await send(master, path, { ...held, ...more })).status, 204)
      assert.deepEqual(await storedKeys(master), before)
    })
  }
})

suite('malformed messages', async () => {
  const master = await startMaster({ after })
  const id = '01990000-0000-7000-8000-000000000001'
  const { bytes: _, sha256: __, ...inlineFacts } = facts
  const inline = { ...inlineFacts, content: 'AAAA' }
  for (const [path, body] of [
    ['/extendWork', {}],
    ['/extendWork', { id, lease: 0 }],
    ['/extendWork', { id: '../etc', lease: 1 }],
    ['/extendWork', { id, lease: '1' }],
    ['/extendWork', { id, lease: 1, more: 1 }],
    ['/workFinished', { id, lease: 1 }],
    ['/workFinished', { id, lease: 1, result: { ...facts, width: 0 } }],
    // No header can carry these types.
    ...['', 'a\nb', 'a\0b', 'ä', ' a'].flatMap(contentType =>
      [
        { ...facts, contentType },
        { ...inline, contentType },
      ].flatMap(result => [
        ['/workFinished', { id, lease: 1, result }] as const,
        ['/workFinished', { id, lease: 1, variants: { thumb: result } }] as const,
      ]),
    ),
    ['/workFailed', { id, lease: 1, error }],
    ['/workFailed', { id, lease: 1, error: 'text', retryable: true }],
    ['/workReturned', { id }],
  ] as const) {
    test(`${path} ${JSON.stringify(body).slice(0, 150)} is refused`, async () => {
      const { status, json } = await send(master, path, body)
      assert.deepEqual([status, json().type], [400, problemType('invalid-request')])
    })
  }

  for (const query of ['', 'worker=', `worker=${'w'.repeat(201)}`, 'worker=w&wait=56', 'worker=w&wait=x']) {
    test(`getWork?${query.slice(0, 40)} is refused`, async () => {
      assert.equal((await getWork(master, query)).status, 400)
    })
  }
})
