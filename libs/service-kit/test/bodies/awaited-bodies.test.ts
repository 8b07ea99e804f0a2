import assert from 'node:assert/strict'
import { once } from 'node:events'
import { suite, type TestContext, test } from 'node:test'
import { connectTo, until } from '@darkroom/testing'
import { type Body, readBody } from '../../src/bodies/read-body.ts'
import { acceptBytes } from '../../src/http/accept-bodies.ts'
import { ServiceProblem } from '../../src/problems/problems.ts'
import { buildApp } from '../app.ts'

/** An app whose routes read a body, parse it, read it when the test allows it, or don't read it. */
async function serve(t: TestContext) {
  const { app, log } = buildApp(t, { isPublic: true, bodyStallMs: 100 })
  const { promise: mayRead, resolve: letRead } = Promise.withResolvers<void>()
  app.post('/json', async ({ body }) => body)
  app.register(async scope => {
    acceptBytes(scope)
    const read = async (body: unknown) => String(Buffer.from(await readBody(body as Body, 100)))
    scope.post('/bytes', async ({ body }) => read(body))
    scope.post('/later', async ({ body }) => {
      await mayRead
      return read(body)
    })
    scope.post('/unread', async () => 'unread')
    scope.post('/refused', async () => {
      throw new ServiceProblem(413, 'too-large', 'the body is too large')
    })
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const begin = (path: string) => {
    const socket = connectTo(t, url).setEncoding('latin1')
    const connection = { socket, received: '', closed: once(socket, 'close') }
    socket.on('data', text => {
      connection.received += text
    })
    socket.write(
      `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n`,
    )
    return connection
  }
  return { app, begin, letRead, log }
}

const continued = 'HTTP/1.1 100 Continue\r\n\r\n'

suite('a client that waits for 100 Continue', () => {
  for (const path of ['/bytes', '/json'])
    test(`a client gets 100 Continue when ${path} reads the body, and may send another request`, async t => {
      const connection = (await serve(t)).begin(path)
      await until('100 Continue arrives', () => connection.received === continued)
      connection.socket.write('1234')
      await until('the response arrives', () => connection.received.endsWith('1234'))
      assert.match(
        connection.received.slice(continued.length),
        /^HTTP\/1\.1 200 .*\r\nConnection: keep-alive\r\n/s,
      )
      connection.socket.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
      await until('the second response arrives', () => connection.received.endsWith('{"status":"alive"}'))
    })

  for (const [path, status] of [
    ['/nowhere', 404],
    ['/refused', 413],
    ['/unread', 200],
  ] as const)
    test(`a client that waits for 100 Continue gets only the response ${status} if nothing reads the body`, async t => {
      const connection = (await serve(t)).begin(path)
      await until('the response arrives', () => /\r\n\r\n.+$/s.test(connection.received))
      connection.socket.end()
      await connection.closed
      assert.match(connection.received, new RegExp(`^HTTP/1.1 ${status} `))
      assert.doesNotMatch(connection.received, /100 Continue/)
      if (status !== 200) assert.match(connection.received, /\r\nconnection: close\r\n/)
    })

  test('a client that waits for 100 Continue is not aborted while the handler does not read yet', async t => {
    const { begin, letRead, log } = await serve(t)
    const waiting = begin('/later')
    const stalled = begin('/bytes')
    await until('100 Continue arrives', () => stalled.received.startsWith(continued))
    await until('the request of a client that stalls is aborted', () =>
      stalled.received.includes('HTTP/1.1 408 '),
    )
    letRead()
    await until('100 Continue arrives', () => waiting.received === continued)
    waiting.socket.write('1234')
    await until('the response arrives', () => waiting.received.endsWith('1234'))
    assert.equal(log.lines.filter(({ msg }) => msg.startsWith('request aborted')).length, 1)
  })
})
