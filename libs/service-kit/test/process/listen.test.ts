import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { networkInterfaces } from 'node:os'
import { text } from 'node:stream/consumers'
import { suite, type TestContext, test } from 'node:test'
import { until } from '@darkroom/testing'
import { listen } from '../../src/process/listen.ts'
import { buildApp, latch } from '../app.ts'

const stallMs = 300

const hasIpv6 = Object.values(networkInterfaces()).some(each =>
  each?.some(({ address }) => address === '::1'),
)
const ipv6IsMissing = hasIpv6 ? false : 'needs the address ::1'

/** An app on localhost, with a route that answers when the test allows it. */
async function serve(t: TestContext, isPublic: boolean) {
  const { opened: mayEnd, open: letEnd } = latch(t)
  const { app, log } = buildApp(t, { isPublic, bodyStallMs: stallMs })
  let hasBegun = false
  app.post('/json', async () => 'taken')
  app.get('/slow', async () => {
    hasBegun = true
    await mayEnd
    return 'ended'
  })
  await listen(app, { host: 'localhost', port: 0 })
  const { port } = app.server.address() as AddressInfo
  const open = (address: string) => {
    const socket = connect(port, address)
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
    return socket
  }
  return { app, log, port, open, letEnd, untilBegun: () => until('it has begun', () => hasBegun) }
}

for (const address of ['127.0.0.1', '::1'])
  for (const isPublic of [true, false])
    suite(`${isPublic ? 'a public' : 'an internal'} app on localhost, asked at ${address}`, {
      skip: address === '::1' && ipv6IsMissing,
    }, () => {
      test('an app aborts a request whose body stalls, with a 408 and one line in the log', async t => {
        const { open, log } = await serve(t, isPublic)
        const socket = open(address)
        socket.write(
          'POST /json HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
        )
        assert.match(await text(socket), /^HTTP\/1\.1 408 .*no byte of the body arrived for \d+ ms/s)
        assert.equal(log.lines.filter(({ msg }) => msg.startsWith('request aborted')).length, 1)
      })

      test('an app answers messages that are not HTTP with a problem document', async t => {
        const { open } = await serve(t, isPublic)
        const socket = open(address)
        socket.write('nonsense\r\n\r\n')
        assert.match(await text(socket), /^HTTP\/1\.1 400 .*urn:darkroom:problem:malformed-request/s)
      })

      test('an app limits the time for a request header, and how long a connection may be idle', async t => {
        const { app, open } = await serve(t, isPublic)
        const accepted = once(app.server, 'connection')
        open(address)
        const [socket] = await accepted
        assert.equal(socket.server, app.server, 'whose timeouts hold for it')
        assert.equal(socket.timeout, 120_000)
      })

      test('an app that closes answers requests in progress, and does not wait for idle connections', async t => {
        const { app, open, letEnd, untilBegun } = await serve(t, isPublic)
        const idle = open(address)
        idle.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
        assert.match(String((await once(idle, 'data'))[0]), /^HTTP\/1\.1 200 /)
        const asked = open(address)
        asked.write('GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n')
        await untilBegun()
        let isClosed = false
        const closed = app.close().then(() => {
          isClosed = true
        })
        await until('it closes', () => app.closing.aborted)
        assert.equal(isClosed, false)
        letEnd()
        assert.match(await text(asked), /^HTTP\/1\.1 200 .*connection: close.*ended$/s)
        await closed
        await until('the idle connection is gone', () => idle.closed)
        const [refusal] = await once(open(address), 'error')
        assert.equal(refusal.code, 'ECONNREFUSED')
      })
    })

test('an app does not start on localhost while another program listens at one of its addresses', {
  skip: ipv6IsMissing,
}, async t => {
  const other = createServer().listen(0, '::1')
  t.after(() => other.close())
  await once(other, 'listening')
  const { app } = buildApp(t)
  const { port } = other.address() as AddressInfo
  await assert.rejects(listen(app, { host: 'localhost', port }), { code: 'EADDRINUSE' })
})
