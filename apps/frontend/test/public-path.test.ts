import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { after, test } from 'node:test'
import { httpRequest as ask, generateImage, serveHttp } from '@darkroom/testing'
import { linkBase, readPublicUrls, withoutPublicPath } from '../src/public-urls.ts'
import { type Frontend, finishNext, startFrontend } from './start-frontend.ts'

const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const frontend = await startFrontend(
  { after },
  { LEASE_MS: '60000', PUBLIC_URL: 'https://photos.example/darkroom/,http://lan.example:8080' },
)

for (const stripsPath of [true, false]) {
  const words = stripsPath ? 'removes the path' : 'keeps the path'
  test(`Location and links work at a public path if the proxy ${words}`, async t => {
    const proxy = await startProxy(t, frontend, stripsPath)
    const uploaded = await ask(proxy, '/darkroom/images', { method: 'POST', body: png })
    assert.equal(uploaded.status, 202)
    const url = String(uploaded.headers.location)
    assert.match(url, /^https:\/\/photos\.example\/darkroom\/images\/[0-9a-f-]+$/)
    const location = new URL(url).pathname
    await finishNext(frontend, Buffer.from('result'))

    const { json, status } = await ask(proxy, location)
    const { links } = json() as { links: Record<string, string> }
    assert.deepEqual(
      { status, ...links },
      {
        ...{ status: 200, self: url, original: `${url}/original`, result: `${url}/result` },
        events: `${url}/events`,
      },
    )
    assert.equal((await ask(proxy, new URL(String(links.result)).pathname)).body.toString(), 'result')
    const listed = (await ask(proxy, '/darkroom/images?limit=1')).json() as { images: { links: object }[] }
    assert.deepEqual(listed.images[0]?.links, links)
    // A client that reaches the frontend without the proxy follows the same links.
    assert.equal((await ask(frontend.url, location)).status, 200)
  })
}

test('links use the public URL with the host of the request, otherwise the first public URL', () => {
  const urls = readPublicUrls(
    'https://photos.example/darkroom/,http://lan.example:8080,https://a.example/x/y',
  )
  const bases = [
    'photos.example',
    'photos.example:443',
    'lan.example:8080',
    'a.example',
    '127.0.0.1:8080',
    '',
  ]
  assert.deepEqual(
    bases.map(host => linkBase(urls, host)),
    [
      'https://photos.example/darkroom',
      'https://photos.example/darkroom',
      'http://lan.example:8080',
      'https://a.example/x/y',
      'https://photos.example/darkroom',
      'https://photos.example/darkroom',
    ],
  )
  assert.equal(linkBase([], 'photos.example'), '')
  assert.equal(linkBase(readPublicUrls('https://photos.example'), 'photos.example'), 'https://photos.example')
})

test('only the whole path of a public URL is removed, and never a path of the API', () => {
  const rewrite = withoutPublicPath(
    readPublicUrls('https://a.example/darkroom,https://a.example/darkroom/x,https://b.example/images'),
  )
  const rewritten = (url: string) => rewrite({ url })
  assert.equal(rewritten('/darkroom/images?limit=1'), '/images?limit=1')
  assert.equal(rewritten('/darkroom/x/images'), '/images')
  assert.equal(rewritten('/darkroom'), '/')
  assert.equal(rewritten('/darkroom?a=b'), '/?a=b')
  assert.equal(rewritten('http://a.example/darkroom/images?limit=1'), '/images?limit=1')
  assert.equal(rewritten('HTTPS://a.example:8080/images'), '/images')
  assert.equal(rewritten('http://a.example'), '/')
  assert.equal(rewritten('http://a.example?a=b'), '/?a=b')
  for (const url of ['/images/1', '/darkrooms/images', '/images', '/', '/operations']) {
    assert.equal(rewritten(url), url)
  }
})

/** A reverse proxy like nginx by default, whose Host header is the name of the upstream server. */
async function startProxy(
  t: { after(end: () => void): void },
  { url }: Frontend,
  stripsPath: boolean,
): Promise<string> {
  const proxy = await serveHttp(t, (incoming, response) => {
    const path = stripsPath ? incoming.url?.replace(/^\/darkroom/, '') : incoming.url
    const { host, ...headers } = incoming.headers
    const asked = httpRequest(`${url}${path}`, { method: incoming.method ?? 'GET', headers }, reply => {
      response.writeHead(reply.statusCode ?? 500, reply.headers)
      reply.pipe(response)
    })
    incoming.pipe(asked)
  })
  return proxy.url
}
