import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { connectTo } from '@darkroom/testing'
import { type Body, readBody } from '../../src/bodies/read-body.ts'
import { acceptBytes } from '../../src/http/accept-bodies.ts'
import { buildApp } from '../app.ts'

/** An app that answers with the kind of the body and its bytes, and a connection to it. */
async function accept(t: TestContext) {
  const { app } = buildApp(t)
  const { promise: called, resolve: onCall } = Promise.withResolvers<void>()
  app.register(async scope => {
    acceptBytes(scope)
    scope.post('/', async ({ body }) => {
      onCall()
      const bytes = await readBody(body as Body, 100)
      return `${body instanceof Uint8Array ? 'bytes' : 'stream'}: ${Buffer.from(bytes)}`
    })
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connectTo(t, url).setEncoding('latin1')
  return { socket, called }
}

const headFor = (bytes: number) => `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: ${bytes}\r\n\r\n`

test('a handler gets bytes if the body has come with its head', async t => {
  const { socket } = await accept(t)
  socket.write(`${headFor(5)}whole`)
  const [received] = await once(socket, 'data')
  assert.match(String(received), /bytes: whole/)
})

test('a handler gets a stream if the body comes later than its head', async t => {
  const { socket, called } = await accept(t)
  socket.write(headFor(5))
  await called
  socket.write('later')
  const [received] = await once(socket, 'data')
  assert.match(String(received), /stream: later/)
})
