import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { until } from '@darkroom/testing'
import { Agent } from 'undici'
import { createTransport } from '../../src/clients/transport.ts'
import { ServiceUnavailable } from '../../src/problems/problems.ts'
import { instance, refusing, streamed, transportTo } from './transport-to.ts'

suite('the timeouts of a transport', () => {
  test('a service is unavailable, with the last cause, when no instance answered within the timeout', async t => {
    const { send } = transportTo(t, [await refusing()], { timeoutMs: 100 })
    await assert.rejects(send(), (error: unknown) => {
      assert.ok(error instanceof ServiceUnavailable)
      assert.equal(error.service, 'storage')
      assert.match(String(error.cause), /ECONNREFUSED/)
      return true
    })
  })

  test('a transport sends a request once, even if the timeout is 0', async t => {
    const { url } = await instance(t, (_request, response) => void response.end('here'))
    const { send } = transportTo(t, [url], { timeoutMs: 0 })
    assert.equal((await send()).statusCode, 200)
  })

  test('a service is unavailable when no instance is known', async t => {
    const dispatcher = new Agent()
    t.after(() => dispatcher.destroy())
    const resolver = {
      pick: async (giveUp: () => AbortSignal) => {
        const signal = giveUp()
        if (!signal.aborted) await once(signal, 'abort')
        return undefined
      },
      suspect: () => undefined,
    }
    const transport = createTransport({ service: 'storage', resolver, dispatcher, timeoutMs: 50 })
    // Its timer does not keep the process alive.
    const alive = setInterval(() => undefined, 1000)
    t.after(() => clearInterval(alive))
    const request = { method: 'GET', path: '/', headers: {}, idempotent: true, heldMs: 0 } as const
    await assert.rejects(transport({ ...request, expectsUnavailable: false }), /storage does not answer/)
  })

  test('a call that is aborted ends at once with the reason: while it waits, sends and reads', async t => {
    const silent = await instance(t, () => undefined)
    const half = await instance(t, (_request, response) => void response.write('half'))
    const reason = new Error('no longer wanted')
    const aborted = AbortSignal.abort(reason)
    const { send } = transportTo(t, [silent.url])
    await assert.rejects(send({ signal: aborted }), reason)

    const whileWaiting = new AbortController()
    const waiting = send({ signal: whileWaiting.signal })
    await until('it is asked', () => silent.requests.length === 1)
    whileWaiting.abort(reason)
    await assert.rejects(waiting, reason)

    const whileTrying = new AbortController()
    const trying = transportTo(t, [await refusing()])
    const tried = trying.send({ signal: whileTrying.signal })
    await until('it was tried', () => trying.suspected.length > 1)
    whileTrying.abort(reason)
    await assert.rejects(tried, reason)

    const whileReading = new AbortController()
    const reply = await transportTo(t, [half.url]).send({ signal: whileReading.signal })
    const reading = reply.body.text()
    whileReading.abort(reason)
    await assert.rejects(reading)
  })

  test('the time in which a streamed body is sent, or is not read by the instance, does not count', async t => {
    const responseTimeoutMs = 1000
    const { url } = await instance(t, async (request, response) => {
      await delay(3 * responseTimeoutMs) // backlog on the connection, as behind a slow object store
      let bytes = 0
      for await (const chunk of request) bytes += chunk.length
      response.end(String(bytes))
    })
    const { send } = transportTo(t, [url], { responseTimeoutMs })
    const chunks = Array.from({ length: 32 }, () => Buffer.alloc(1024 * 1024))
    async function* large() {
      yield* chunks
    }
    const reply = await send({ method: 'PUT', body: large() })
    assert.equal(await reply.body.text(), String(32 * 1024 * 1024))
  })

  test('a service is unavailable when it does not answer a streamed body that it has received', async t => {
    const { url } = await instance(t, request => void request.resume())
    const { send } = transportTo(t, [url], { responseTimeoutMs: 200 })
    const from = performance.now()
    await assert.rejects(send({ method: 'PUT', body: streamed('whole') }), ServiceUnavailable)
    assert.ok(performance.now() - from < 10_000)
  })

  test('a transport waits longer for a response if the request may be held', async t => {
    const timeouts: unknown[] = []
    const { url } = await instance(t)
    const dispatcher = new Agent().compose(dispatch => (options, handler) => {
      timeouts.push([options.headersTimeout, options.bodyTimeout])
      return dispatch(options, handler)
    })
    t.after(() => dispatcher.destroy())
    const { send } = transportTo(t, [url], { dispatcher })
    for (const heldMs of [0, 25_000]) await (await send({ heldMs })).body.dump()
    assert.deepEqual(timeouts, [
      [10_000, 10_000],
      [35_000, 35_000],
    ])
  })
})
