import assert from 'node:assert/strict'
import { getEventListeners, once } from 'node:events'
import { Agent, get } from 'node:http'
import { suite, type TestContext, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { until } from '@darkroom/testing'
import { holdSignal } from '../../src/http/hold.ts'
import { buildApp } from '../app.ts'

async function holding(t: TestContext) {
  const { app } = buildApp(t)
  const held: AbortSignal[] = []
  app.get<{ Querystring: { seconds: string } }>('/held', async (request, reply) => {
    const signal = holdSignal(reply, Number(request.query.seconds))
    held.push(signal)
    await once(signal, 'abort')
    return 'answered'
  })
  const passing: WeakRef<AbortSignal>[] = []
  app.get('/passing', async (_request, reply) => {
    passing.push(new WeakRef(holdSignal(reply, 55)))
    return 'answered'
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return { app, url, held, passing }
}

suite('a held request', () => {
  test('a held request ends when its time is over', async t => {
    const { url } = await holding(t)
    assert.equal(await (await fetch(`${url}/held?seconds=0.01`)).text(), 'answered')
  })

  test('a held request ends when its client hangs up', async t => {
    const { url, held } = await holding(t)
    const controller = new AbortController()
    const asked = assert.rejects(fetch(`${url}/held?seconds=55`, { signal: controller.signal }))
    await until('it is held', () => held.length === 1)
    controller.abort()
    await asked
    await until('it is released', () => held[0]?.aborted)
  })

  test('a held request leaves nothing behind, over thousands of requests', async t => {
    const { app, url, passing } = await holding(t)
    const agent = new Agent({ keepAlive: true, maxSockets: 20 })
    t.after(() => agent.destroy())
    const ask = async () => {
      const [response] = await once(get(`${url}/passing`, { agent }), 'response')
      await response.resume().toArray()
    }
    for (let n = 0; n < 70; n++) await Promise.all(Array.from({ length: 30 }, ask))
    assert.equal(getEventListeners(app.closing, 'abort').length, 0)
    await until('most of their signals are collected', () => {
      collectGarbage()
      return passing.filter(signal => signal.deref() !== undefined).length < 300
    })
  })
})

/** The collector of `node --expose-gc`; by itself, V8 may not examine the whole heap for long. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
