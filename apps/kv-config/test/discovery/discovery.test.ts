import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { ServiceClients } from '@darkroom/service-kit'
import { freePort, startScript, temporaryFolder, until } from '@darkroom/testing'
import { start } from '../../src/start.ts'
import { logger, startInstance } from './start-instance.ts'

const prefix = 'services/task-db/'

/** A kv-config that can be stopped and started again on the same port and file. */
async function prepareKv(t: TestContext) {
  const port = await freePort()
  const kvUrl = `http://127.0.0.1:${port}`
  const config = {
    host: '127.0.0.1',
    port,
    kvUrl,
    dataDir: 'unused',
    kvStoreUrl: `sqlite:${join(temporaryFolder(t), 'kv.sqlite')}`,
    logLevel: 'silent' as const,
    drainMs: 1000,
    bodyStallMs: 30_000,
    bodyMinBytesPerSecond: 500,
  }
  const startKv = async () => {
    const kv = await start(config, logger)
    t.after(kv.close)
    return kv
  }
  return { kvUrl, startKv }
}

async function startInstances(t: TestContext, kvUrl: string, instances: number[]) {
  const started = await Promise.all(instances.map(instance => startInstance(kvUrl, instance)))
  for (const { close } of started) t.after(close)
  return started
}

function connect(t: TestContext, kvUrl: string): ServiceClients {
  const clients = new ServiceClients({ kvUrl, logger })
  t.after(() => clients.close())
  return clients
}

async function ask(clients: ServiceClients): Promise<number> {
  return (await clients.taskDb.getStats({})).body.finished
}

/** Sends requests until exactly these instances have answered, each in turn. */
function untilFound(clients: ServiceClients, instances: number[]) {
  return until(`instances ${instances} are found`, async () => {
    const responses = await Promise.all(Array.from({ length: 2 * instances.length }, () => ask(clients)))
    return new Set(responses).isSubsetOf(new Set(instances)) && new Set(responses).size === instances.length
  })
}

async function registered(clients: ServiceClients) {
  const { body } = await clients.kv.listKeys({ querystring: { prefix } })
  const urls = body.keys.map(({ value }): string => JSON.parse(atob(value)).url)
  return { revision: body.revision, urls }
}

suite('services that are found through kv-config', { concurrency: true }, () => {
  test('services and their clients may start in any order', async t => {
    const { kvUrl, startKv } = await prepareKv(t)
    const clients = connect(t, kvUrl)
    const early = ask(clients)
    await startInstances(t, kvUrl, [1])
    await startKv()
    assert.equal(await early, 1)
    await startInstances(t, kvUrl, [2, 3])
    await untilFound(clients, [1, 2, 3])
    await untilFound(connect(t, kvUrl), [1, 2, 3])
  })

  test('kv-config is registered in itself', async t => {
    const { kvUrl, startKv } = await prepareKv(t)
    await startKv()
    const { kv } = connect(t, kvUrl)
    await until('it is registered', async () => {
      const { body } = await kv.listKeys({ querystring: { prefix: 'services/kv-config/' } })
      return body.keys.length === 1 && JSON.parse(atob(String(body.keys[0]?.value))).url === kvUrl
    })
  })

  test('a service is deregistered when it has closed', async t => {
    const { kvUrl, startKv } = await prepareKv(t)
    await startKv()
    const clients = connect(t, kvUrl)
    const [first, second] = await startInstances(t, kvUrl, [1, 2])
    await untilFound(clients, [1, 2])
    await first?.close()
    assert.deepEqual((await registered(clients)).urls, [second?.url])
    await untilFound(clients, [2])
  })

  test('fault: the registration of a service killed with -9 ends with its lease', async t => {
    const { kvUrl, startKv } = await prepareKv(t)
    await startKv()
    const clients = connect(t, kvUrl)
    const [lasting] = await startInstances(t, kvUrl, [2])
    const instance = startScript(t, new URL('run-instance.ts', import.meta.url), kvUrl)
    await untilFound(clients, [1, 2])
    await instance.kill()
    const { revision, urls } = await registered(clients)
    assert.deepEqual(new Set(urls), new Set([lasting?.url, instance.lines[0]]))
    await clients.kv.listKeys({ querystring: { prefix, wait: 25, after: revision } })
    assert.deepEqual((await registered(clients)).urls, [lasting?.url])
    await untilFound(clients, [2])
  })

  test('fault: while kv-config does not answer, known instances stay; afterwards new instances are found', async t => {
    const { kvUrl, startKv } = await prepareKv(t)
    const kv = await startKv()
    const clients = connect(t, kvUrl)
    const [first] = await startInstances(t, kvUrl, [1])
    await untilFound(clients, [1])
    await kv.close()
    await assert.rejects(fetch(kvUrl))
    await untilFound(clients, [1])
    await startInstances(t, kvUrl, [2])
    await untilFound(clients, [1])
    await startKv()
    assert.ok((await registered(clients)).urls.includes(String(first?.url)))
    await untilFound(clients, [1, 2])
  })
})
