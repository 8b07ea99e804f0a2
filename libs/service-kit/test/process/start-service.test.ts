import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { suite, type TestContext, test } from 'node:test'
import { Type } from '@darkroom/contracts/typebox'
import { freePort, RecordedLog } from '@darkroom/testing'
import { ServiceClients } from '../../src/clients/service-clients.ts'
import { createApp } from '../../src/http/create-app.ts'
import { createLogger } from '../../src/log/logger.ts'
import { startService } from '../../src/process/start-service.ts'
import { commonSettings, InvalidConfig, loadConfig, portSetting } from '../../src/settings/config.ts'

const Config = Type.Object({ ...commonSettings, port: portSetting(0) })

function parts(t: TestContext, env: Record<string, string> = {}) {
  const log = new RecordedLog()
  const logger = createLogger('test', 'debug', log)
  const config = loadConfig(Config, { KV_URL: 'http://127.0.0.1:1', ...env })
  const app = createApp({ name: 'storage', logger, checkReady: async () => undefined })
  const clients = new ServiceClients({ ...config, logger })
  const closed: string[] = []
  app.addHook('onClose', async () => void closed.push('app'))
  const closeClients = clients.close.bind(clients)
  t.mock.method(clients, 'close', async () => {
    closed.push('clients')
    await closeClients()
  })
  const start = async () => {
    const service = await startService({ app, name: 'storage', config, clients, logger })
    t.after(() => service.close())
    return service
  }
  return { start, closed, log }
}

suite('a service', () => {
  test('a service listens at its URL, and closes its app and clients once', async t => {
    const { start, closed, log } = parts(t)
    const service = await start()
    assert.equal((await fetch(`${service.url}/healthz`)).status, 200)
    assert.ok(log.lines.some(({ msg }) => msg.startsWith('no CLUSTER_TOKEN')))
    await Promise.all([service.close(), service.close()])
    await service.close()
    assert.deepEqual(closed, ['app', 'clients'])
    await assert.rejects(fetch(`${service.url}/healthz`))
  })

  test('a service registers the address of ADVERTISE_URL', async t => {
    const { start } = parts(t, { ADVERTISE_URL: 'http://storage.example:8083' })
    const service = await start()
    assert.equal(service.url, 'http://storage.example:8083')
  })

  for (const host of ['0.0.0.0', '::']) {
    test(`a service registers the name of its host if it listens on ${host}`, async t => {
      const PORT = String(await freePort())
      const { start } = parts(t, { HOST: host, PORT, CLUSTER_TOKEN: 'a-token-of-the-whole-cluster' })
      const service = await start()
      assert.equal(service.url, `http://${hostname()}:${PORT}`)
      assert.equal((await fetch(`http://127.0.0.1:${PORT}/healthz`)).status, 200)
    })
  }

  test('a service does not start without a token on an address that other machines can reach', async t => {
    for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org']) {
      const { start, closed } = parts(t, { HOST: host })
      await assert.rejects(start(), InvalidConfig)
      assert.deepEqual(closed, ['app', 'clients'])
    }
  })

  test('a service closes its app and clients if its port is in use', async t => {
    const PORT = String(await freePort())
    await parts(t, { PORT }).start()
    const { start, closed } = parts(t, { PORT })
    await assert.rejects(start(), { code: 'EADDRINUSE' })
    assert.deepEqual(closed, ['app', 'clients'])
  })
})
