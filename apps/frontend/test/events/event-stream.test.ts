import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { connectTo, serveHttp } from '@darkroom/testing'
import { anyone } from '../../src/access/caller.ts'
import { EventStream, eventFrame, heartbeatEvent } from '../../src/events/event-stream.ts'

test('writing to a stream that has ended, or whose client hung up, does nothing', async t => {
  const { url } = await serveHttp(t, (_request, response) => {
    const stream = new EventStream(response, { caller: anyone, linkBase: '' })
    stream.write(eventFrame('state', { number: 1 }))
    stream.end()
    // The connection closes later. Until then, a change may still be written.
    stream.write(eventFrame('state', { number: 2 }))
    stream.end()
    response.once('close', () => stream.write(eventFrame('state', { number: 3 })))
  })
  const answer = await fetch(url)
  const data = (await answer.text()).match(/^data: .*$/gm)
  assert.deepEqual(data, ['data: {"number":1}'])
})

test('the events of a client of HTTP/1.0 are not in chunks', async t => {
  const { url } = await serveHttp(t, (_request, response) => endAfterEvents(response))
  const socket = connectTo(t, url)
  socket.write('GET / HTTP/1.0\r\n\r\n')
  const [, events = ''] = (await text(socket)).split('\r\n\r\n')
  assert.match(events, /^retry: \d+\n\nevent: state\ndata: {"name":"é"}\n\n:\n\n$/)
})

test('the events of a request that waits for the response to an earlier one come after that', async t => {
  let endFirst = () => {}
  const server = await serveHttp(t, ({ url }, response) => {
    if (url === '/first') endFirst = () => response.end('first')
    else {
      endAfterEvents(response)
      endFirst()
    }
  })
  const socket = connectTo(t, server.url)
  socket.write('GET /first HTTP/1.1\r\nhost: x\r\n\r\nGET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
  const answers = await text(socket)
  assert.match(
    answers,
    /^HTTP.+\r\n\r\nfirstHTTP.+text\/event-stream.+\ndata: {"name":"é"}\n\n\r\n.+\r\n0\r\n\r\n$/s,
  )
})

test('fetch reads all events of a stream, also those with other than ASCII characters', async t => {
  const { url } = await serveHttp(t, (_request, response) => endAfterEvents(response))
  const answer = await fetch(url)
  assert.match(await answer.text(), /^retry: \d+\n\nevent: state\ndata: {"name":"é"}\n\n:\n\n$/)
})

test('a heartbeat can be an event', async t => {
  const { url } = await serveHttp(t, (_request, response) => {
    const stream = new EventStream(response, { caller: anyone, linkBase: '', heartbeat: heartbeatEvent })
    stream.beat()
    stream.end()
  })
  assert.match(await (await fetch(url)).text(), /^retry: \d+\n\nevent: heartbeat\ndata: {}\n\n$/)
})

function endAfterEvents(response: ServerResponse): void {
  const stream = new EventStream(response, { caller: anyone, linkBase: '' })
  stream.write(eventFrame('state', { name: 'é' }))
  stream.beat()
  stream.end()
}
