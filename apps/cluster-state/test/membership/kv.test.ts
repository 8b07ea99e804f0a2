import assert from 'node:assert/strict'
import { suite, type TestContext, test } from 'node:test'
import { createLogger, ServiceClients } from '@darkroom/service-kit'
import { RecordedLog, startService, temporaryFolder, until } from '@darkroom/testing'
import { KvMembership } from '../../src/membership/kv.ts'

const self = { id: 'node-1', url: 'http://10.0.0.1:8085', dataCentre: 'north' }

async function prepare(t: TestContext) {
  const kvConfig = await startService(t, 'kv-config', { DATA_DIR: temporaryFolder(t) })
  const log = new RecordedLog()
  const logger = createLogger('test', 'info', log)
  const clients = new ServiceClients({ kvUrl: kvConfig.url, logger })
  t.after(() => clients.close())
  const register = (id: string, value: string) =>
    clients.kv.setKey({
      params: { '*': `services/cluster-state/${id}` },
      querystring: {},
      headers: {},
      body: Buffer.from(value),
    })
  const remove = (id: string) =>
    clients.kv.deleteKey({ params: { '*': `services/cluster-state/${id}` }, headers: {} })
  const join = () => {
    const membership = new KvMembership({ self, run: 'run-1', kv: clients.kv, logger })
    t.after(() => membership.close())
    return membership
  }
  return { kvConfig, log, register, remove, join }
}

suite('membership by kv-config', () => {
  test('membership by kv-config follows the registered nodes, without this node', async t => {
    const { register, remove, join } = await prepare(t)
    await register('node-1', '{"url":"http://10.0.0.1:8085","dataCentre":"north"}')
    await register('node-2', '{"url":"http://10.0.0.2:8085","dataCentre":"south"}')
    const membership = join()
    let changes = 0
    const stop = membership.onChange(() => changes++)
    const two = { id: 'node-2', url: 'http://10.0.0.2:8085', dataCentre: 'south' }
    await until('one is known', () => membership.members().length === 1)
    assert.deepEqual(membership.members(), [two])

    await register('node-3', '{"url":"http://10.0.0.3:8085","dataCentre":"north"}')
    await until('another is known', () => membership.members().length === 2)
    await remove('node-2')
    await until('the first has left', () => membership.members().length === 1)
    assert.equal(membership.members()[0]?.id, 'node-3')
    assert.ok(changes >= 3)
    stop()
    await membership.close()
    await membership.close()
  })

  test('membership by kv-config skips a registration that is not a valid node, and logs it', async t => {
    const { log, register, join } = await prepare(t)
    await register('node-2', '{"url":"http://10.0.0.2:8085","dataCentre":"south"}')
    await register('odd', '{"url":"http://10.0.0.9:8085"}')
    await register('odder', 'no JSON')
    const membership = join()
    await until('the node is known', () => membership.members().length > 0)
    assert.deepEqual(
      membership.members().map(({ id }) => id),
      ['node-2'],
    )
    assert.equal(log.lines.filter(({ msg }) => msg.includes('is not a valid node')).length, 2)
  })

  test('fault: while kv-config is unavailable, the known members stay, and it is ready', async t => {
    const { kvConfig, register, join } = await prepare(t)
    await register('node-2', '{"url":"http://10.0.0.2:8085","dataCentre":"south"}')
    const membership = join()
    await until('the node is known', () => membership.members().length === 1)
    kvConfig.signal('SIGKILL')
    await kvConfig.ended
    await membership.checkReady()
    assert.equal(membership.members().length, 1)
  })
})
