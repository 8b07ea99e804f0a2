import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { suite, type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort, startProgram, temporaryFolder, until } from '@darkroom/testing'

const script = fileURLToPath(new URL('../example-service.ts', import.meta.url))

async function run(
  t: TestContext,
  env: Record<string, string> = {},
  command: [string, ...string[]] = [process.execPath, script],
) {
  const port = String(await freePort())
  const service = startProgram(t, command, {
    PORT: port,
    KV_URL: 'http://127.0.0.1:1',
    LOG_LEVEL: 'info',
    ...env,
  })
  const has = (text: string) => until(`it wrote ${text}`, () => service.stderr.includes(text))
  return { service, has, url: `http://127.0.0.1:${port}` }
}

const onlyLinux = { skip: process.platform !== 'linux' && 'other systems have no /dev/full' }

suite('a service as a process', { concurrency: 3 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    test(`a service as a process answers requests in progress and exits 0 on ${signal}`, async t => {
      const { service, has, url } = await run(t, { SLOW_MS: '500' })
      await has(url)
      const asked = fetch(`${url}/slow`)
      await has('slow has begun')
      service.signal(signal)
      // A shell that ends with its terminal repeats this signal.
      if (signal === 'SIGHUP') {
        await until('it drains', () => service.stdout.includes('draining'))
        service.signal(signal)
      }
      assert.equal(await (await asked).text(), 'ended')
      assert.deepEqual(await service.ended, { code: 0, signal: null })
      assert.match(service.stdout, /"msg":"draining"/)
    })
  }

  test(
    'a service whose log cannot be written serves requests, and exits 0 on SIGTERM',
    onlyLinux,
    async t => {
      const toFullDisk: [string, ...string[]] = [
        'sh',
        '-c',
        'exec "$0" "$1" >/dev/full',
        process.execPath,
        script,
      ]
      const { service, has, url } = await run(t, {}, toFullDisk)
      await has(url)
      for (const path of ['/slow', '/missing']) await (await fetch(url + path)).text()
      service.signal('SIGTERM')
      assert.deepEqual(await service.ended, { code: 0, signal: null })
    },
  )

  test('a service as a process exits 1 at once on a second signal', async t => {
    const { service, has, url } = await run(t, { SLOW_MS: '600000' })
    await has(url)
    const asked = assert.rejects(fetch(`${url}/slow`))
    await has('slow has begun')
    service.signal('SIGTERM')
    await until('it drains', () => service.stdout.includes('draining'))
    service.signal('SIGTERM')
    assert.equal((await service.ended).code, 1)
    await asked
  })

  test('a service as a process exits 1 when requests in progress do not end within the timeout', async t => {
    const { service, has, url } = await run(t, { SLOW_MS: '600000', DRAIN_MS: '100' })
    await has(url)
    const asked = assert.rejects(fetch(`${url}/slow`))
    await has('slow has begun')
    service.signal('SIGTERM')
    assert.equal((await service.ended).code, 1)
    assert.match(service.stdout, /did not end in time/)
    await asked
  })

  test('a service stores its compiled code when it has started, because it may be killed', async t => {
    const cache = temporaryFolder(t)
    await run(t, { NODE_COMPILE_CACHE: cache })
    await until(
      'the code of its modules is stored',
      () => readdirSync(cache, { recursive: true }).length > 300,
    )
  })

  test('a service with invalid settings reports all mistakes, and exits 1', async t => {
    const { service } = await run(t, {
      PORT: 'http',
      LOG_LEVEL: 'loud',
      SLOW_MS: '1.5',
      CLUSTER_TOKEN: 'short',
    })
    assert.equal((await service.ended).code, 1)
    assert.match(service.stderr, /^storage: the settings are not valid:\n/)
    for (const name of ['PORT', 'LOG_LEVEL', 'SLOW_MS', 'CLUSTER_TOKEN'])
      assert.match(service.stderr, new RegExp(`^  ${name} must`, 'm'))
    assert.doesNotMatch(service.stderr, /\n\s+at /, 'no stack, as it is not a bug')
  })

  test('a service whose port is in use reports that, and exits 1', async t => {
    const other = createServer().listen(0, '127.0.0.1')
    t.after(() => other.close())
    await once(other, 'listening')
    const address = other.address()
    assert.ok(address && typeof address === 'object')
    const { service } = await run(t, { PORT: String(address.port) })
    assert.equal((await service.ended).code, 1)
    assert.match(
      service.stderr,
      /^storage: cannot listen at 127\.0\.0\.1: listen EADDRINUSE.*: another process listens there; set PORT to a free port\n$/,
    )
  })

  test('a service whose host is not an address of this machine reports that, and exits 1', async t => {
    for (const host of ['192.0.2.1', 'nowhere.invalid']) {
      const { service } = await run(t, { HOST: host, CLUSTER_TOKEN: 'a-token-of-16-characters' })
      assert.equal((await service.ended).code, 1)
      assert.match(
        service.stderr,
        new RegExp(`^storage: cannot listen at ${host}: .*: set HOST to an address of this machine\n$`),
      )
    }
  })

  test('a service on an address that other machines can reach starts only with a token', async t => {
    const open = await run(t, { HOST: '0.0.0.0' })
    assert.equal((await open.service.ended).code, 1)
    assert.match(open.service.stderr, /CLUSTER_TOKEN is not set.*0\.0\.0\.0/)
    const guarded = await run(t, {
      HOST: '0.0.0.0',
      CLUSTER_TOKEN: 'a-token-of-16-characters',
    })
    await guarded.has('http://')
    assert.equal((await fetch(`${guarded.url}/slow`)).status, 401)
  })
})
