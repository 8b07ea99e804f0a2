import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { logger } from '@darkroom/image-master/testing'
import { createApp, createLogger } from '@darkroom/service-kit'
import { assertProblem, RecordedLog } from '@darkroom/testing'
import { headersForBrowsers } from '../../src/browsers/headers-for-browsers.ts'
import { loadPageFiles, type PageFiles } from '../../src/page/page-files.ts'
import { addPageRoutes } from '../../src/routes/page.ts'

const folder = mkdtempSync(join(tmpdir(), 'darkroom-'))
after(() => rmSync(folder, { recursive: true }))
const script = 'export const words = "the page"'
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<!doctype html>')
writeFileSync(join(folder, 'assets/index-abc.js'), script)
writeFileSync(join(folder, 'assets/index-abc.js.gz'), gzipSync(script))

const app = appWith(await loadPageFiles(folder, logger))

function appWith(files: PageFiles | undefined, otherOrigins = new Set<string>()) {
  const responseHeaders = headersForBrowsers(otherOrigins)
  const made = createApp(
    { name: 'frontend', logger, isPublic: true, responseHeaders, checkReady: async () => {} },
    scope => addPageRoutes(scope, files),
  )
  after(() => made.close())
  return made
}

test('the page is revalidated at each visit, and has a strict content security policy', async () => {
  const first = await app.inject('/')
  assert.equal(first.statusCode, 200)
  assert.equal(first.body, '<!doctype html>')
  assert.equal(first.headers['cache-control'], 'no-cache')
  assert.match(String(first.headers['content-security-policy']), /^default-src 'none'; script-src 'self';/)
  const again = await app.inject({ url: '/', headers: { 'if-none-match': String(first.headers.etag) } })
  assert.deepEqual([again.statusCode, again.body], [304, ''])
})

test('files with a hash in their name are cached forever, and are compressed if the client accepts it', async () => {
  const url = '/assets/index-abc.js'
  const { headers, rawPayload } = await app.inject({ url, headers: { 'accept-encoding': 'br;q=0, gzip' } })
  assert.equal(headers['cache-control'], 'public, max-age=31536000, immutable')
  assert.equal(headers['content-encoding'], 'gzip')
  assert.equal(headers.vary, 'accept-encoding')
  assert.deepEqual(rawPayload, gzipSync(script))
  const plain = await app.inject({ url, headers: { 'accept-encoding': 'gzip;q=0' } })
  assert.deepEqual([plain.headers['content-encoding'], plain.body], [undefined, script])
})

test('a cache distinguishes files by encoding and, where other origins may read them, by origin', async () => {
  const files = await loadPageFiles(folder, logger)
  const shop = appWith(files, new Set(['https://shop.example']))
  for (const origin of ['https://shop.example', 'https://evil.example']) {
    const { headers } = await shop.inject({ url: '/assets/index-abc.js', headers: { origin } })
    assert.equal(headers.vary, 'Origin, accept-encoding')
  }
})

test('files outside of the built page are not served', async () => {
  for (const url of ['/assets/none.js', '/assets/../index.html', '/assets/%2e%2e/index.html'])
    assertProblem(await app.inject(url), 404, 'no-such-route')
})

test('without a built page, the response explains how to build it', async () => {
  const log = new RecordedLog()
  const files = await loadPageFiles(join(folder, 'nothing'), createLogger('frontend', 'info', log))
  assert.equal(files, undefined)
  assert.match(log.lines[0]?.msg ?? '', /npm install builds the page/)
  const response = await appWith(files).inject('/')
  assertProblem(response, 404, 'page-not-built')
  assert.match(response.json().detail, /npm install/)
})

test('a public URL with a path is redirected to the path with a slash, as relative links need it', async () => {
  const rewriteUrl = ({ url = '/' }: { url?: string | undefined }) =>
    url.replace(/^\/darkroom(?=\/|$)/, '') || '/'
  const behind = createApp(
    { name: 'frontend', logger, isPublic: true, rewriteUrl, checkReady: async () => {} },
    scope => addPageRoutes(scope, new Map()),
  )
  after(() => behind.close())
  const response = await behind.inject('/darkroom')
  assert.deepEqual([response.statusCode, response.headers.location], [308, '/darkroom/'])
})
