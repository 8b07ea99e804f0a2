import assert from 'node:assert/strict'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connectTo, until } from '@darkroom/testing'
import { buildApp, latch } from '../app.ts'

test('a pipelined request is handled when the earlier requests of its connection are answered', async t => {
  const log: string[] = []
  const { opened: mayAnswer, open: letAnswer } = latch(t)
  const { app } = buildApp(t)
  app.get('/:name', async ({ params }) => {
    const { name } = params as { name: string }
    log.push(`${name} begins`)
    if (name === 'a') await mayAnswer
    log.push(`${name} ends`)
    return name
  })
  const socket = connectTo(t, await app.listen({ host: '127.0.0.1', port: 0 }))
  // In one piece, so that all requests have been parsed when the first is handled.
  const get = (name: string, more = '') => `GET /${name} HTTP/1.1\r\nhost: x\r\n${more}\r\n`
  socket.write(get('a') + get('b') + get('c', 'connection: close\r\n'))
  await until('the first request is handled', () => log.length > 0)
  await new Promise(setImmediate)
  assert.deepEqual(log, ['a begins'])
  letAnswer()
  assert.deepEqual((await text(socket)).match(/(?<=\r\n\r\n)[abc]/g), ['a', 'b', 'c'])
  assert.deepEqual(log, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
})

test('for a client that reads no responses, only one response is made', async t => {
  const { app } = buildApp(t)
  let made = 0
  app.get('/', async () => {
    made += 1
    return Buffer.alloc(16 * 1024 * 1024)
  })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  const socket = connectTo(t, url).pause()
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(20))
  await until('the first request is handled', () => made > 0)
  const other = await fetch(url)
  assert.equal((await other.bytes()).length, 16 * 1024 * 1024)
  assert.equal(made, 2)
  socket.destroy()
  await until(
    'the connection is closed',
    () => new Promise<boolean>(resolve => app.server.getConnections((_, count) => resolve(count <= 1))),
  )
  assert.equal(made, 2)
})
