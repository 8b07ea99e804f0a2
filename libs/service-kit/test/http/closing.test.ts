import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { suite, type TestContext, test } from 'node:test'
import { connectTo, until } from '@darkroom/testing'
import { acceptBytes } from '../../src/http/accept-bodies.ts'
import { holdSignal } from '../../src/http/hold.ts'
import { unavailable } from '../../src/problems/problems.ts'
import { buildApp, latch } from '../app.ts'

/** An app with a route that answers when the test allows it, a held route, and a route that refuses its body. */
async function serve(t: TestContext, options: { isPublic?: boolean } = {}) {
  const { opened: mayEnd, open: letEnd } = latch(t)
  const { app } = buildApp(t, options)
  const begun: string[] = []
  app.get('/slow', async () => {
    begun.push('slow')
    await mayEnd
    return 'ended'
  })
  app.get('/held', async (_request, reply) => {
    begun.push('held')
    await once(holdSignal(reply, 55), 'abort')
    return 'nothing new'
  })
  app.register(async scope => {
    acceptBytes(scope)
    scope.post('/refused', async () => {
      throw unavailable('busy', 'not now', 1)
    })
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  const hasBegun = (name: string) => until(`${name} has begun`, () => begun.includes(name))
  return { app, url, agent, letEnd, hasBegun }
}

async function ask(url: string, agent?: Agent) {
  const [response] = await once(request(url, { agent }).end(), 'response')
  const chunks: Buffer[] = await response.toArray()
  return { status: response.statusCode, headers: response.headers, text: Buffer.concat(chunks).toString() }
}

suite('closing', () => {
  test('closing waits for a request in progress, and not for its kept-alive connection', async t => {
    const { app, url, agent, letEnd, hasBegun } = await serve(t)
    const asked = ask(`${url}/slow`, agent)
    await hasBegun('slow')
    let isClosed = false
    const closed = app.close().then(() => {
      isClosed = true
    })
    await until('it closes', () => app.closing.aborted)
    assert.equal(isClosed, false)
    letEnd()
    const { text, headers } = await asked
    assert.equal(text, 'ended')
    assert.equal(headers.connection, 'close')
    await closed
  })

  test('closing answers held requests', async t => {
    const { app, url, agent, hasBegun } = await serve(t)
    const asked = ask(`${url}/held`, agent)
    await hasBegun('held')
    await app.close()
    assert.equal((await asked).text, 'nothing new')
  })

  for (const [isPublic, status] of [
    [false, 421],
    [true, 503],
  ] as const) {
    test(`closing refuses requests on open connections of a ${isPublic ? 'public' : 'internal'} app with ${status}`, async t => {
      const { app, url, agent, letEnd, hasBegun } = await serve(t, { isPublic })
      const idle = connectTo(t, url).setEncoding('utf8')
      await once(idle, 'connect')
      idle.write('GET /half HTTP/1.1\r\n') // not idle to Node, which would close it
      const asked = ask(`${url}/slow`, agent)
      await hasBegun('slow')
      const closed = app.close()
      await until('it closes', () => app.closing.aborted)
      idle.write('host: x\r\n\r\n')
      const [response] = await once(idle, 'data')
      assert.match(response, new RegExp(`^HTTP/1.1 ${status} .*connection: close.*shutting-down`, 's'))
      letEnd()
      assert.equal((await asked).status, 200)
      await closed
    })
  }

  test('closing does not wait for the rest of a body that was refused', async t => {
    const { app, url } = await serve(t)
    const socket = connectTo(t, url)
    socket.write('POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\nhalf')
    const [response] = await once(socket, 'data')
    assert.match(String(response), /^HTTP\/1.1 503 /)
    await app.close()
  })

  test('closing may be called twice', async t => {
    const { app } = await serve(t)
    await Promise.all([app.close(), app.close()])
  })
})
