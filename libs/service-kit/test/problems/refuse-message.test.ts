import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { assertProblem, connectTo, httpRequest } from '@darkroom/testing'
import { buildApp } from '../app.ts'

test('a request that cannot be parsed is answered with a problem, too', async t => {
  const { app } = buildApp(t)
  app.get('/things/:id', async () => 'found')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const unreadable = await httpRequest(url, '/things/%zz')
  assertProblem(unreadable, 400, 'invalid-request')
  assert.match(String(unreadable.json().detail), /^the path is not percent-encoded UTF-8/)
  const long = await httpRequest(url, `/things/${'x'.repeat(1025)}`)
  assertProblem(long, 414, 'path-too-long')
  assert.match(String(long.json().detail), /^a part of the path is too long/)

  const messages: [string, number, RegExp?][] = [
    ['nonsense\r\n\r\n', 400],
    ['GET /日 HTTP/1.1\r\nhost: x\r\n\r\n', 400, /percent-encode the path and the query$/],
    ['GET /?name=é HTTP/1.1\r\nhost: x\r\n\r\n', 400, /percent-encode the path and the query$/],
    ['GET /things/1 HTTP/1.1\r\nhost: x\r\nexpect: tea\r\n\r\n', 417],
    ['CONNECT example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n', 405],
    [`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(200_000)}\r\n\r\n`, 431],
    ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n', 400],
  ]
  for (const [message, status, remedy = /./] of messages) {
    const socket = connectTo(t, url).setEncoding('utf8')
    socket.write(message)
    const [response] = await once(socket, 'data')
    assert.match(
      response,
      new RegExp(`^HTTP/1.1 ${status} .*content-type: application/problem\\+json\r\n`, 's'),
    )
    const problem = JSON.parse(response.split('\r\n\r\n')[1])
    assert.equal(problem.status, status)
    assert.match(
      problem.detail,
      /^(the request is not valid HTTP\/1\.1: .|the request line and|the expectation "tea"|CONNECT is)/,
    )
    assert.match(problem.detail, remedy)
  }
  assert.equal((await httpRequest(url, '/things/1')).status, 200)
})
