import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createClient, defineRoute, Nothing, UnexpectedReply } from '@darkroom/contracts'
import { ServiceProblem, ServiceUnavailable, tooManyRequests } from '../../src/problems/problems.ts'
import { buildApp, problemOf } from '../app.ts'

/** An app whose only route throws this error. */
async function throwing(t: TestContext, thrown: unknown) {
  const { app, log } = buildApp(t)
  app.get('/throw', async () => {
    throw thrown
  })
  return { answer: await app.inject('/throw'), log }
}

suite('an error', () => {
  test('an error that is unknown is one opaque 500, with its cause in the log', async t => {
    for (const thrown of [new TypeError('the secret is 42'), 'the secret is 42', { secret: 42 }]) {
      const { answer, log } = await throwing(t, thrown)
      assert.equal(answer.statusCode, 500)
      assert.equal(problemOf(answer), 'internal-error')
      assert.doesNotMatch(answer.body, /42/)
      assert.equal(log.errors.length, 1)
      assert.match(JSON.stringify(log.errors), /42/)
      assert.match(JSON.stringify(log.errors), /"url":"\/throw"/)
    }
  })

  test('an error about an image is logged with the id of the image', async t => {
    const { app, log } = buildApp(t)
    const fail = async () => Promise.reject(new TypeError('a mistake'))
    app.get('/images/:id', fail)
    app.get('/blobs/:stage/:key', fail)
    app.post('/workFinished', fail)
    const id = '01997a30-7c1e-7a53-8e5f-0b7f3f6d2c11'
    await app.inject(`/images/${id}?x=1`)
    await app.inject(`/blobs/post/${id}.thumb`)
    await app.inject({ method: 'POST', url: '/workFinished', payload: { id } })
    await app.inject('/images/none')
    assert.deepEqual(
      log.errors.map(line => line.id),
      [id, id, id, undefined],
    )
  })

  test('an error that is a problem is answered with that problem, and not logged', async t => {
    const problem = new ServiceProblem(409, 'already-done', 'it was done before', {
      headers: { 'x-who': 'me' },
    })
    const { answer, log } = await throwing(t, problem)
    assert.equal(answer.statusCode, 409)
    assert.equal(answer.headers['x-who'], 'me')
    assert.deepEqual(answer.json(), {
      type: 'urn:darkroom:problem:already-done',
      title: 'Already done',
      status: 409,
      detail: 'it was done before',
    })
    assert.deepEqual(log.errors, [])
  })

  test('an error of a service that does not answer becomes a 503 with Retry-After, and its cause is in the log', async t => {
    const { answer, log } = await throwing(
      t,
      new ServiceUnavailable('storage', new Error('connection refused')),
    )
    assert.equal(answer.statusCode, 503)
    assert.equal(problemOf(answer), 'unavailable')
    assert.equal(answer.headers['retry-after'], '1')
    assert.match(answer.body, /storage does not answer/)
    assert.match(JSON.stringify(log.errors), /connection refused/)
  })

  test('an error of an overloaded service is passed on unchanged', async t => {
    const { app, log } = buildApp(t)
    const route = defineRoute({
      method: 'GET',
      url: '/',
      schema: { summary: 'x', response: { 204: Nothing } },
    })
    const text = JSON.stringify({
      type: 'urn:darkroom:problem:disk-full',
      title: 'x',
      status: 503,
      detail: 'no room',
    })
    const body = { text: async () => text, bytes: async () => new Uint8Array(), dump: async () => undefined }
    const { get } = createClient({ get: route }, async () => ({
      statusCode: 503,
      headers: { 'retry-after': '60' },
      body: {
        ...body,
        async *[Symbol.asyncIterator]() {
          yield Buffer.from(text)
        },
      },
    }))
    app.get('/', async () => {
      await assert.rejects(get({}), UnexpectedReply)
      return get({})
    })
    const answer = await app.inject('/')
    assert.equal(answer.statusCode, 503)
    assert.equal(problemOf(answer), 'disk-full')
    assert.equal(answer.json().detail, 'no room')
    assert.equal(answer.headers['retry-after'], '60')
    assert.deepEqual(log.errors, [])
  })

  test('an error of expected overload has a Retry-After', async t => {
    const { answer, log } = await throwing(t, tooManyRequests('queue-full', 'too much is queued', 5))
    assert.equal(answer.statusCode, 429)
    assert.equal(answer.headers['retry-after'], '5')
    assert.deepEqual(log.errors, [])
  })
})
