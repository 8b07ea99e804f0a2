import assert from 'node:assert/strict'
import { buffer } from 'node:stream/consumers'
import { after, test } from 'node:test'
import { InvalidConfig } from '@darkroom/service-kit'
import { connectTo, generateImage } from '@darkroom/testing'
import { readOrigins } from '../../src/browsers/cross-origin.ts'
import { startFrontend } from '../start-frontend.ts'

const shop = 'https://shop.example'
const frontend = await startFrontend({ after }, { CORS_ORIGINS: `${shop}, http://localhost:5173/` })
const { url } = frontend
const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })

/** One request for each kind of response: from a handler, an error at each stage, and a stream that Fastify doesn't send. */
const requests: Record<string, [path: string, init?: RequestInit]> = {
  'a listing': ['/images'],
  'an upload': ['/images', { method: 'POST', body: new Uint8Array(png) }],
  'an event stream': ['/images/events'],
  'an unknown image': ['/images/none'],
  'an unknown path': ['/nowhere'],
  'a wrong method': ['/images', { method: 'PATCH' }],
  'a wrong argument': ['/images?colour=red'],
  'a path that cannot be decoded': ['/images/%ff'],
  'something that is not an image': ['/images', { method: 'POST', body: 'text' }],
  'a health check': ['/healthz'],
  'the contract': ['/openapi.json'],
}

async function headersOf([path, init]: [string, RequestInit?], origin: string): Promise<Headers> {
  const controller = new AbortController()
  const headers = { origin }
  const response = await fetch(`${url}${path}`, { ...init, headers, signal: controller.signal })
  controller.abort()
  return response.headers
}

for (const [name, request] of Object.entries(requests)) {
  test(`${name} is answered with security headers, kept by no cache, and readable by named origins`, async () => {
    const headers = await headersOf(request, shop)
    assert.match(String(headers.get('content-security-policy')), /^default-src 'none'; script-src 'self';/)
    assert.equal(headers.get('x-content-type-options'), 'nosniff')
    assert.equal(headers.get('referrer-policy'), 'same-origin')
    assert.match(String(headers.get('cache-control')), /^no-store/)
    assert.equal(headers.get('strict-transport-security'), null)
    assert.equal(headers.get('access-control-allow-origin'), shop)
    assert.match(String(headers.get('access-control-expose-headers')), /\bLocation, Preference-Applied\b/)
    assert.equal(headers.get('access-control-allow-credentials'), null)
    assert.equal(headers.get('vary'), 'Origin')
  })
}

test('other origins get no access, and Vary makes caches distinguish responses by origin', async () => {
  for (const [name, request] of Object.entries(requests))
    for (const origin of ['https://evil.example', 'null', `${shop}.evil.example`]) {
      const headers = await headersOf(request, origin)
      assert.equal(headers.get('access-control-allow-origin'), null, `${name} for ${origin}`)
      assert.equal(headers.get('vary'), 'Origin', name)
    }
})

test('the response to a preflight request lists what a page of an allowed origin may send', async () => {
  const ask = (origin: string, path = '/images/some/result') =>
    fetch(`${url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,idempotency-key,traceparent',
      },
    })
  for (const path of ['/images', '/images/some/result', '/uploads', '/keys']) {
    const { headers, status } = await ask('http://localhost:5173', path)
    assert.equal(status, 204, path)
    assert.equal(headers.get('access-control-allow-origin'), 'http://localhost:5173')
    assert.match(String(headers.get('access-control-allow-methods')), /\bPATCH\b.*\bDELETE\b/)
    const allowed = headers.get('access-control-allow-headers')
    assert.equal(allowed, 'authorization,idempotency-key,traceparent')
    assert.match(String(headers.get('access-control-max-age')), /^\d+$/)
  }
  const refused = await ask('https://evil.example')
  assert.notEqual(refused.status, 204)
  assert.equal(refused.headers.get('access-control-allow-origin'), null)
  assert.equal(refused.headers.get('access-control-allow-methods'), null)
})

test('messages that are not HTTP are answered with security headers', async t => {
  const socket = connectTo(t, url)
  socket.write('not HTTP\r\n\r\n')
  const response = String(await buffer(socket))
  assert.match(response, /^HTTP\/1\.1 400 /)
  assert.match(response, /\r\nx-content-type-options: nosniff\r\n/)
})

test('the bytes of an image have a stricter content security policy', async () => {
  const uploaded = await fetch(`${url}/images`, { method: 'POST', body: new Uint8Array(png) })
  const location = String(uploaded.headers.get('location'))
  const { headers } = await fetch(`${url}${location}/original`)
  assert.equal(headers.get('content-security-policy'), "default-src 'none'; sandbox")
  assert.equal(headers.get('referrer-policy'), 'same-origin')
})

test('origins are normalised as browsers send them', () => {
  const origins = readOrigins('HTTPS://Shop.Example:443/, http://localhost:5173,capacitor://localhost')
  assert.deepEqual([...origins], [shop, 'http://localhost:5173', 'capacitor://localhost'])
  assert.deepEqual([...readOrigins(' ')], [])
})

for (const text of ['*', 'null', 'shop.example', 'https://shop.example/path', 'https://*.shop.example'])
  test(`the origin ${text} is refused with its value`, () => {
    assert.throws(
      () => readOrigins(text),
      (error: Error) => error instanceof InvalidConfig && error.message.includes(`got "${text}"`),
    )
  })
