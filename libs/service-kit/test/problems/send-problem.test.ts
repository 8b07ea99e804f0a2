import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { test } from 'node:test'
import { assertProblem, connectTo, httpRequest } from '@darkroom/testing'
import { readBody } from '../../src/bodies/read-body.ts'
import { acceptBytes } from '../../src/http/accept-bodies.ts'
import { ServiceProblem } from '../../src/problems/problems.ts'
import { buildApp } from '../app.ts'

test('a handler that stops reading a body half-way can still answer', async t => {
  const { app, log } = buildApp(t)
  acceptBytes(app)
  app.post<{ Body: AsyncIterable<Uint8Array> }>(
    '/',
    async request => (await readBody(request.body, 1000)).length,
  )
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const refused = await httpRequest(url, '/', { method: 'POST', body: Buffer.alloc(20_000_000) })
  assertProblem(refused, 413, 'too-large')
  assert.equal(
    String((await httpRequest(url, '/', { method: 'POST', body: Buffer.alloc(1000) })).body),
    '1000',
  )
  assert.deepEqual(log.errors, [])
})

test('a handler that stops reading a body half-way, and keeps its reader, does not block the connection', async t => {
  const { app } = buildApp(t)
  acceptBytes(app)
  const abandoned: AsyncIterator<Uint8Array>[] = []
  const calls = new EventEmitter()
  app.post<{ Body: AsyncIterable<Uint8Array> }>('/', async ({ body }) => {
    calls.emit('call')
    const chunks = body[Symbol.asyncIterator]()
    abandoned.push(chunks)
    await chunks.next()
    throw new ServiceProblem(400, 'refused', 'the body is not read to its end')
  })
  app.get('/', async () => 'next')
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connectTo(t, url).setEncoding('utf8')
  socket.write(headOf('POST', 3))
  await once(calls, 'call') // a body that comes with its head would not be a stream
  socket.write('abc')
  assert.match((await once(socket, 'data'))[0], /^HTTP\/1.1 400 .+\r\nConnection: keep-alive\r\n/s)
  socket.write(headOf('GET', 0))
  const [response] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
  assert.match(response, /^HTTP\/1.1 200 .+next$/s)
})

test('a response that comes before the end of the body ends the connection after the body, not earlier', async t => {
  const { app } = buildApp(t)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connectTo(t, url).setEncoding('utf8')
  socket.write(`${headOf('POST', 3)}a`)
  assert.match((await once(socket, 'data'))[0], /^HTTP\/1.1 404 .+\r\nconnection: close\r\n/s)
  socket.write(`bc${headOf('GET', 0)}`) // the client may still send: no reset, and no response to another request
  await once(socket, 'end', { signal: AbortSignal.timeout(10_000) })
  assert.equal(socket.read(), null)
})

test('a response to a body that arrived with its head does not end the connection', async t => {
  const { app } = buildApp(t)
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connectTo(t, url).setEncoding('utf8')
  for (let request = 0; request < 2; request++) {
    socket.write(`${headOf('POST', 3)}abc`)
    const [response] = await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })
    assert.match(response, /^HTTP\/1.1 404 .+\r\nConnection: keep-alive\r\n/s)
  }
})

function headOf(method: string, length: number): string {
  return `${method} / HTTP/1.1\r\nhost: x\r\ncontent-type: application/octet-stream\r\ncontent-length: ${length}\r\n\r\n`
}
