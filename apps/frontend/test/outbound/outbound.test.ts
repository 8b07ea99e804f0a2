import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createSecureServer as createHttp2Server } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { after, suite, type TestContext, test } from 'node:test'
import { startNeighbours } from '@darkroom/image-master/testing'
import { freePort, serveHttp } from '@darkroom/testing'
import { download, UnwantedStatus } from '../../src/outbound/download.ts'
import { readNetworks } from '../../src/outbound/networks.ts'
import { Outbound } from '../../src/outbound/outbound.ts'
import { OutboundFailure } from '../../src/outbound/outbound-failure.ts'

const neighbours = startNeighbours({ after })

/** Starts a server on all addresses of this machine. */
async function serve(t: TestContext, listener: RequestListener): Promise<number> {
  const { port } = await serveHttp(t, listener, '0.0.0.0')
  return port
}

async function outboundTo(
  t: TestContext,
  networks = '127.0.0.0/8',
  publicUrls: URL[] = [],
  resolve?: (host: string) => Promise<string[]>,
): Promise<Outbound> {
  const { kv } = (await neighbours).clients
  const outbound = new Outbound({
    kv,
    networks: readNetworks(networks),
    publicUrls,
    clusterToken: 'x'.repeat(16),
    ...(resolve && { resolve }),
  })
  t.after(() => outbound.close())
  return outbound
}

function failure(reason: string) {
  return (error: unknown) => {
    assert.ok(error instanceof OutboundFailure, String(error))
    assert.equal(error.reason, reason, String(error.cause))
    return true
  }
}

async function textOf(outbound: Outbound, url: string): Promise<string> {
  using opened = await download(outbound, url, AbortSignal.timeout(60_000))
  return Buffer.concat(await Array.fromAsync(opened.body)).toString()
}

/** For localhost, from no known authority. */
const selfSigned = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKEuIfa6xgni5Oa3h
QsZPzJj7HhlPO9dQa56ypVT3seehRANCAAQBHl2bd4PbqNDhnS+gpue5tfQaN9D4
B7D6+pbQWqv4z3B4/KtOtNRK/x9WSuoTERY+z4Z2Hk9dvz050hUcMbsm
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUQ7k7meFKuwVn4jL5eBNcdzhsGnMwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNzEwMTgzOFoYDzIxMjYxMTAz
MTAxODM4WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQBHl2bd4PbqNDhnS+gpue5tfQaN9D4B7D6+pbQWqv4z3B4/KtOtNRK
/x9WSuoTERY+z4Z2Hk9dvz050hUcMbsmo1MwUTAdBgNVHQ4EFgQUL8asnwuEQG2F
Hv6PjyZz6qXiuTQwHwYDVR0jBBgwFoAUL8asnwuEQG2FHv6PjyZz6qXiuTQwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiB7TzRReqQqhuD4p3Bz3QE1
TQMXQq6+MAiSx9NvTdcuvgIhAJmqsQOK/tlJL6yMZPVT0SInDjctXfLlKQcqXLtz
ZfYC
-----END CERTIFICATE-----
`,
}

suite('an outbound request', () => {
  test('an outbound request has its own User-Agent, does not accept compression, and sends no cookie', async t => {
    const port = await serve(t, ({ headers }, response) => response.end(JSON.stringify(headers)))
    const outbound = await outboundTo(t)
    const headers = JSON.parse(await textOf(outbound, `http://127.0.0.1:${port}/a`))
    assert.equal(headers['user-agent'], outbound.userAgent)
    assert.match(headers['user-agent'], /^Darkroom\//)
    assert.equal(headers['accept-encoding'], 'identity')
    assert.equal(headers.cookie, undefined)
  })

  test('an outbound request is refused if the name resolves to an address whose network is not allowed', async t => {
    const port = await serve(t, (_request, response) => response.end('inside'))
    const strict = await outboundTo(t, '')
    await assert.rejects(textOf(strict, `http://localhost:${port}/`), failure('not-found'))
    await assert.rejects(textOf(strict, `http://127.0.0.1:${port}/`), failure('not-allowed'))
    assert.equal(await textOf(await outboundTo(t), `http://localhost:${port}/`), 'inside')
  })

  test('an outbound request fails with the same error for an internal name and for a name that does not exist', async t => {
    const strict = await outboundTo(t, '')
    const messages = await Promise.all(
      ['http://localhost:9999/', 'http://no-such-name.invalid/'].map(url =>
        textOf(strict, url).catch(error => error.message),
      ),
    )
    assert.equal(messages[0], messages[1])
  })

  test('an outbound request goes only to the allowed addresses of a name, which is resolved once', async t => {
    const answers = [['127.0.0.1', '::1', '127.0.0.5'], ['127.0.0.1']]
    const outbound = await outboundTo(t, '127.0.0.5', [], async () => answers.shift() ?? [])
    const port = await serve(t, ({ socket }, response) => response.end(socket.localAddress))
    assert.equal(await textOf(outbound, `http://photos.example:${port}/`), '127.0.0.5')
    await assert.rejects(textOf(outbound, `http://photos.example:${port}/`), failure('not-found'))
  })

  test('an outbound request tries at most four IPv4 addresses of a name', async t => {
    const resolve = async () => Array.from({ length: 100 }, (_, n) => `127.0.1.${n}`)
    const port = await freePort()
    const outbound = await outboundTo(t, '127.0.0.0/8', [], resolve)
    await assert.rejects(textOf(outbound, `http://photos.example:${port}/`), (error: unknown) => {
      assert.ok(error instanceof OutboundFailure)
      const { errors = [] } = error.cause as { errors?: { address: string }[] }
      assert.equal(errors.length, 4)
      return true
    })
  })

  test('an outbound request never reaches a service of this Darkroom', async t => {
    const { kv, storage } = await neighbours
    const outbound = await outboundTo(t, '0.0.0.0/0')
    for (const { url } of [kv, storage])
      for (const host of ['127.0.0.1', 'localhost', '127.0.0.2', '0.0.0.0', '[::ffff:127.0.0.1]'])
        await assert.rejects(
          textOf(outbound, `http://${host}:${new URL(url).port}/healthz`),
          failure('not-allowed'),
        )
  })

  test('an outbound request has different errors for a refused connection, a broken connection and a status', async t => {
    const outbound = await outboundTo(t)
    const port = await serve(t, ({ url }, response) => {
      if (url === '/gone') response.writeHead(410).end('secret words')
      else if (url === '/half')
        response.writeHead(200, { 'content-length': '9' }).write('half', () => response.destroy())
      else response.destroy()
    })
    const silent = createTcpServer().listen(0, '127.0.0.1')
    await new Promise(resolve => silent.once('listening', resolve))
    const { port: closedPort } = silent.address() as AddressInfo
    await new Promise(resolve => silent.close(resolve))
    await assert.rejects(textOf(outbound, `http://127.0.0.1:${closedPort}/`), failure('unreachable'))
    await assert.rejects(textOf(outbound, `http://127.0.0.1:${port}/`), failure('broken'))
    await assert.rejects(textOf(outbound, `http://127.0.0.1:${port}/half`), failure('broken'))
    await assert.rejects(textOf(outbound, `http://127.0.0.1:${port}/gone`), (error: unknown) => {
      assert.ok(error instanceof UnwantedStatus)
      assert.doesNotMatch(error.message, /secret/)
      return error.status === 410
    })
  })

  test('an outbound request names in one word that a connection, a response or a certificate is bad', async t => {
    const outbound = await outboundTo(t)
    const answers: Record<string, string | undefined> = {
      '/twice': 'HTTP/1.1 200 OK\r\ncontent-length: 3\r\ncontent-length: 3\r\n\r\nabc',
      '/other': 'SSH-2.0-OpenSSH_9.2\r\n',
      '/long': `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(200_000)}\r\n\r\n`,
    }
    const server = createTcpServer(socket => {
      socket.on('error', () => undefined)
      socket.once('data', data => {
        const answer = answers[data.toString().split(' ')[1] ?? '']
        if (answer === undefined) socket.resetAndDestroy()
        else socket.end(answer)
      })
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    const secure = createHttpsServer(selfSigned, (_request, response) => response.end('x')).listen(0)
    t.after(() => secure.close())
    await Promise.all([server, secure].map(each => once(each, 'listening')))
    const { port } = server.address() as AddressInfo
    await assert.rejects(textOf(outbound, `http://127.0.0.1:${port}/reset`), failure('broken'))
    for (const path of ['/twice', '/other', '/long'])
      await assert.rejects(textOf(outbound, `http://127.0.0.1:${port}${path}`), failure('not-http'), path)
    const { port: securePort } = secure.address() as AddressInfo
    await assert.rejects(textOf(outbound, `https://localhost:${securePort}/`), failure('untrusted'))
  })

  test('an outbound request fails with a word of its own if the other side has no TLS, or only HTTP/2 over it', async t => {
    const outbound = await outboundTo(t)
    const port = await serve(t, (_request, response) => response.end('x'))
    const http2Only = createHttp2Server(selfSigned, (_request, response) => response.end('x')).listen(0)
    t.after(() => http2Only.close())
    await once(http2Only, 'listening')
    const { port: http2Port } = http2Only.address() as AddressInfo
    for (const each of [port, http2Port])
      await assert.rejects(textOf(outbound, `https://localhost:${each}/`), failure('no-tls'))
  })

  test('an outbound request ends at its deadline, even if bytes still arrive slowly', async t => {
    const port = await serve(t, (_request, response) => {
      const dripping = setInterval(() => response.write('.'), 5)
      response.once('close', () => clearInterval(dripping))
    })
    const outbound = await outboundTo(t)
    const opened = await download(outbound, `http://127.0.0.1:${port}/`, AbortSignal.timeout(200))
    await assert.rejects(Array.fromAsync(opened.body), failure('timeout'))
  })

  test('an outbound request accepts a body that is declared as not compressed', async t => {
    const port = await serve(t, (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'Identity, identity' }).end('x'),
    )
    assert.equal(await textOf(await outboundTo(t), `http://127.0.0.1:${port}/`), 'x')
  })

  test('an outbound request accepts a body whose coding does not change the bytes', async t => {
    for (const coding of ['aws-chunked', 'utf-8', 'binary']) {
      const port = await serve(t, (_request, response) =>
        response.writeHead(200, { 'content-encoding': coding }).end('x'),
      )
      assert.equal(await textOf(await outboundTo(t), `http://127.0.0.1:${port}/`), 'x')
    }
  })

  test('an outbound request refuses a compressed body', async t => {
    const port = await serve(t, (_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'),
    )
    await assert.rejects(textOf(await outboundTo(t), `http://127.0.0.1:${port}/`), failure('encoded-body'))
  })
})

suite('a redirect', () => {
  const redirecting = (t: TestContext) =>
    serve(t, ({ url = '' }, response) => {
      const target = new URL(url, 'http://x').searchParams.get('to')
      const left = Number(new URL(url, 'http://x').searchParams.get('left'))
      if (target !== null) response.writeHead(302, { location: target }).end()
      else if (left > 0) response.writeHead(307, { location: `/?left=${left - 1}` }).end()
      else response.end('here')
    })

  test('a redirect is followed at most three times', async t => {
    const port = await redirecting(t)
    const outbound = await outboundTo(t)
    assert.equal(await textOf(outbound, `http://127.0.0.1:${port}/?left=3`), 'here')
    await assert.rejects(textOf(outbound, `http://127.0.0.1:${port}/?left=4`), failure('too-many-redirects'))
  })

  test('a redirect may have bytes that are not ASCII, which are percent-encoded', async t => {
    const asked: (string | undefined)[] = []
    const port = await serve(t, ({ url }, response) => {
      asked.push(url)
      if (url === '/') response.writeHead(302, { location: Buffer.from('/日 é?ü').toString('latin1') })
      else if (asked.length === 2) response.writeHead(302, { location: '/\xe9' })
      response.end('here')
    })
    assert.equal(await textOf(await outboundTo(t), `http://127.0.0.1:${port}/`), 'here')
    assert.deepEqual(asked, ['/', '/%E6%97%A5%20%C3%A9?%C3%BC', '/%E9'])
  })

  test('a redirect must lead to a URL that passes the same checks', async t => {
    const port = await redirecting(t)
    const outbound = await outboundTo(t, '127.0.0.0/8', [new URL('https://photos.example')])
    const targets = [
      'http://[::1]:9000/',
      'http://169.254.169.254/',
      'file:///etc/passwd',
      'http://me@127.0.0.1/',
    ]
    for (const to of [...targets, 'https://photos.example/images', 'http://127.0.0.1:22/', 'http://['])
      await assert.rejects(
        textOf(outbound, `http://127.0.0.1:${port}/?to=${encodeURIComponent(to)}`),
        failure('bad-redirect'),
        to,
      )
    const { kv } = await neighbours
    await assert.rejects(
      textOf(outbound, `http://127.0.0.1:${port}/?to=${encodeURIComponent(kv.url)}`),
      failure('not-allowed'),
    )
  })
})
