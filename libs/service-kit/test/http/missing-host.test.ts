import assert from 'node:assert/strict'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connectTo } from '@darkroom/testing'
import { buildApp } from '../app.ts'

for (const [words, head] of [
  ['HTTP/1.0 without a host, as HAProxy asks', 'OPTIONS /healthz HTTP/1.0'],
  ['HTTP/1.0 without a host', 'GET /healthz HTTP/1.0'],
  ['HTTP/1.1 without a host', 'GET /readyz HTTP/1.1\r\nconnection: close'],
  ['an empty host', 'GET /readyz HTTP/1.1\r\nhost:\r\nconnection: close'],
  ['a foreign host', 'GET /healthz HTTP/1.1\r\nhost: lb.internal\r\nconnection: close'],
] as const) {
  test(`a health check is answered for ${words}`, async t => {
    const { app } = buildApp(t, { clusterToken: 'a token of the cluster' })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const socket = connectTo(t, url)
    await once(socket, 'connect')
    socket.write(`${head}\r\n\r\n`)
    assert.match(await text(socket), /^HTTP\/1\.1 200 OK\r\n/)
  })
}
