import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { after, test } from 'node:test'
import {
  httpRequest as ask,
  freePort,
  generateImage,
  sha256,
  startDarkroom,
  startProgram,
  temporaryFolder,
  tiffOf,
  untilAlive,
  withEngine,
} from '@darkroom/testing'

const docs = readFileSync(new URL('../../../docs/proxies.md', import.meta.url), 'utf8')
const requestsPerAddress = 1000
const host = 'photos.example'
const owner = { after }
const darkroom = await startDarkroom(owner, {
  PUBLIC_URL: `http://${host}/darkroom`,
  TRUST_PROXY: '1',
  REQUESTS_PER_ADDRESS: String(requestsPerAddress),
})
const upstream = new URL(darkroom.url).host
const png = await generateImage({ kind: 'png', width: 40, height: 30, seed: 1 })
const large = tiffOf(64 * 1024 * 1024)

/** The configuration of a proxy in the documentation, changed to listen on this port. */
function documented(language: string, port: number): string {
  const lines = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(docs)?.[1]
  assert.ok(lines, `docs/proxies.md has a block of ${language}`)
  return lines
    .replaceAll('127.0.0.1:8080', upstream)
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('bind :80', `bind 127.0.0.1:${port}`)
    .replace(`http://${host} {`, `http://${host}:${port} {`)
}

/** A complete configuration of nginx around `server` blocks. */
function nginxWith(folder: string, servers: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'scgi', 'uwsgi']
  const paths = temporary.map(name => `${name}_temp_path ${folder}/${name};`).join(' ')
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  return `${user} daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {} http { access_log off; ${paths} ${servers} }`
}

type Configure = (folder: string, port: number) => [file: string, content: string, args: string[]]

const nginx =
  (servers: (port: number) => string): Configure =>
  (folder, port) => {
    const file = join(folder, 'nginx.conf')
    return [file, nginxWith(folder, servers(port)), ['-c', file]]
  }
const haproxy: Configure = (folder, port) => {
  const file = join(folder, 'haproxy.cfg')
  return [file, documented('haproxy', port), ['-db', '-f', file]]
}
const caddy: Configure = (folder, port) => {
  const file = join(folder, 'Caddyfile')
  const content = `{\nadmin off\nauto_https off\n}\n${documented('caddy', port)}`
  return [file, content, ['run', '--adapter', 'caddyfile', '--config', file]]
}

async function startProxy(program: string, configure: Configure): Promise<string> {
  const folder = temporaryFolder(owner)
  const port = await freePort()
  const [file, content, args] = configure(folder, port)
  writeFileSync(file, content)
  const proxy = startProgram(owner, [program, ...args], { HOME: folder })
  const url = `http://127.0.0.1:${port}`
  // 503 as long as HAProxy has not checked the frontend.
  await untilAlive(program, proxy, async () => {
    const response = await ask(url, '/healthz', { headers: { host } })
    return response.status === 200
  })
  return url
}

const bare: Configure = nginx(
  port => `server { listen 127.0.0.1:${port}; location / { proxy_pass ${darkroom.url}; } }`,
)
const started = {
  nginx: await withEngine('nginx', program =>
    startProxy(
      program,
      nginx(port => documented('nginx', port)),
    ),
  ),
  'nginx with its defaults': await withEngine('nginx', program => startProxy(program, bare)),
  HAProxy: await withEngine('haproxy', program => startProxy(program, haproxy)),
  Caddy: await withEngine('caddy', program => startProxy(program, caddy)),
}

for (const [name, url] of Object.entries(started)) {
  if (url === undefined) continue

  test(`${name} passes events on while they happen`, () => passesEventsOn(url))

  test(`behind ${name}, the API works under a path, and links lead to the public URL`, () =>
    worksUnderPath(url))

  if (name === 'nginx with its defaults') {
    test('nginx refuses bodies above 1 MiB with its own error page, as the documentation warns', async () => {
      const response = await ask(url, '/images', { method: 'POST', body: large.subarray(0, 2 * 1024 * 1024) })
      assert.equal(response.status, 413)
      assert.match(String(response.headers['content-type']), /^text\/html/)
    })
    continue
  }

  test(`${name} passes 64 MiB on in both directions`, async () => {
    const uploaded = await ask(url, '/images', { method: 'POST', body: large, headers: { host } })
    assert.equal(uploaded.status, 202, uploaded.body.toString().slice(0, 500))
    const path = new URL(String(uploaded.headers.location)).pathname
    const original = await ask(url, `${path}/original`, { headers: { host } })
    assert.equal(sha256(original.body), sha256(large))
    assert.equal((await ask(url, path, { method: 'DELETE', headers: { host } })).status, 204)
  })

  test(`behind ${name}, a client can't claim another address`, async () => {
    const claimed = `192.0.2.${name.length}`
    const remaining = async (base: string, address: string) => {
      const headers = { host, 'x-forwarded-for': address }
      return Number((await ask(base, '/operations', { headers })).headers['ratelimit-remaining'])
    }
    for (let times = 0; times < 3; times++) await remaining(url, claimed)
    // The header that a proxy would send. No request was counted for this address yet.
    assert.equal(await remaining(darkroom.url, claimed), requestsPerAddress - 1)
  })

  test(`${name} passes Host and Origin on, so other host names and foreign origins are refused`, async () => {
    const post = (origin: string) =>
      ask(url, '/images', { method: 'POST', body: png, headers: { host, origin } })
    assert.equal((await post('http://evil.example')).status, 403)
    assert.equal((await post('null')).status, 403)
    assert.equal((await post(`http://${host}`)).status, 202)
    const foreign = await ask(url, '/images', { headers: { host: 'evil.example' } })
    // Caddy answers only for the names of its sites.
    assert.ok(foreign.status === 403 || foreign.body.length === 0, `${foreign.status}`)
  })
}

async function worksUnderPath(url: string): Promise<void> {
  const headers = { host }
  const uploaded = await ask(url, '/darkroom/images', {
    method: 'POST',
    body: png,
    headers: { ...headers, prefer: 'wait=50' },
  })
  assert.equal(uploaded.status, 200, uploaded.body.toString())
  const links = uploaded.json().links as { result: string }
  assert.match(links.result, new RegExp(`^http://${host}/darkroom/images/[^/]+/result$`))
  const result = await ask(url, new URL(links.result).pathname, { headers })
  assert.deepEqual([result.status, result.headers['content-type']], [200, 'image/png'])
}

/** Reads a stream of events until the image that is uploaded meanwhile has ended: the stream itself does not end. */
async function passesEventsOn(url: string): Promise<void> {
  const asked = httpRequest(`${url}/images/events`, { headers: { host } })
  const answered = new Promise<Readable>((resolve, reject) => {
    asked.once('response', resolve).once('error', reject)
  })
  asked.end()
  const stream = await answered
  stream.setEncoding('utf8')
  const uploaded = await ask(url, '/images', { method: 'POST', body: png, headers: { host } })
  const { id } = uploaded.json()
  let text = ''
  for await (const chunk of stream) {
    text += chunk
    if (text.includes(`"id":"${id}","state":"finished"`)) break
  }
  assert.ok(text.includes(`"id":"${id}","state":"finished"`), text)
}
