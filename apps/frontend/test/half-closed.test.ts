import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import { connectTo, generateImage, until } from '@darkroom/testing'
import { startFrontend } from './start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startFrontend({ after })

/** Sends a request, closes this side of the connection, and returns the response. */
async function askAndHalfClose(
  path: string,
  {
    method = 'GET',
    headers = '',
    body = new Uint8Array(),
  }: { method?: string; headers?: string; body?: Uint8Array } = {},
) {
  const socket = connect({ port: Number(new URL(frontend.url).port), host: '127.0.0.1', allowHalfOpen: true })
  const length = body.length > 0 ? `content-length: ${body.length}\r\n` : ''
  socket.write(`${method} ${path} HTTP/1.1\r\nhost: localhost\r\n${length}${headers}\r\n`)
  socket.end(body)
  return text(socket.setTimeout(30_000, () => socket.destroy()))
}

suite('a client that closes its side of the connection after its request', () => {
  test('a client that half-closes its connection gets the response to an upload, and to other requests', async () => {
    const uploaded = await askAndHalfClose('/images', { method: 'POST', body: png })
    assert.match(uploaded, /^HTTP\/1.1 202 /)
    const [, id = ''] = /"id":"([^"]+)"/.exec(uploaded) ?? []
    assert.match(await askAndHalfClose(`/images/${id}`), /^HTTP\/1.1 200 .+"state":"not-started"/s)
    assert.match(await askAndHalfClose(`/images/${id}/original`), /^HTTP\/1.1 200 .+IEND/s)
  })

  test('a client that half-closes its connection gets the current state and the first events at once', async () => {
    const headers = 'prefer: wait=55\r\n'
    const uploaded = await askAndHalfClose('/images', { method: 'POST', headers, body: png })
    assert.match(uploaded, /^HTTP\/1.1 202 /)
    const [, id = ''] = /"id":"([^"]+)"/.exec(uploaded) ?? []
    assert.match(
      await askAndHalfClose(`/images/${id}`, { headers }),
      /^HTTP\/1.1 200 .+"state":"not-started"/s,
    )
    for (const path of [`/images/${id}/events`, '/images/events'])
      assert.match(await askAndHalfClose(path), /^HTTP\/1.1 200 .+"state":"not-started".+\r\n0\r\n\r\n$/s)
  })

  test('a client that has hung up does not keep its stream', async t => {
    const socket = connectTo(t, frontend.url)
    socket.write('GET /images/events HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await once(socket, 'data')
    const connections = () =>
      new Promise<number>(resolve => frontend.app.server.getConnections((_error, count) => resolve(count)))
    const before = await connections()
    socket.destroy()
    await until('its connection is closed', async () => (await connections()) < before)
  })
})
