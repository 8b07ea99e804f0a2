import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertProblem, type EtcdServers, startEtcd, withEngine } from '@darkroom/testing'
import { buildTestApp } from '../../build-test-app.ts'
import { put, text, wake } from '../../conformance/open-engine.ts'
import { newPrefix, openAt } from './shared-etcd.ts'
import { startRelay } from './tcp-relay.ts'

const credentials = { name: 'root', password: 'p@ss:word' }

async function guard(servers: EtcdServers): Promise<void> {
  await servers.post('auth/user/add', credentials)
  await servers.post('auth/role/add', { name: 'root' })
  await servers.post('auth/user/grant', { user: 'root', role: 'root' })
  await servers.post('auth/enable', {})
}

async function tokenFrom(servers: EtcdServers): Promise<string> {
  return ((await servers.post('auth/authenticate', credentials)) as { token: string }).token
}

/** An etcd that requires the credentials. */
async function startGuardedEtcd(t: TestContext, program: string) {
  const servers = await startEtcd(t, program)
  await guard(servers)
  const [member] = servers.members
  assert.ok(member)
  // A restart isn't enough: etcd restores its tokens from its log.
  const forgetTokens = async () => {
    await servers.post('auth/disable', {}, { authorization: await tokenFrom(servers) })
    await servers.post('auth/enable', {})
  }
  return {
    member,
    forgetTokens,
    endpoints: servers.members.map(({ client }) => `http://${client}`),
    prefix: newPrefix(),
  }
}

withEngine('etcd', program => {
  test('only the user with the password has access, also after etcd has lost its tokens', async t => {
    const { member, endpoints, prefix, forgetTokens } = await startGuardedEtcd(t, program)
    const store = openAt(t, { endpoints, prefix, credentials })
    const { revision } = await put(store, 'a', 'one')
    const wait = wake(store, { key: 'a' }, revision)
    await forgetTokens()
    await member.kill()
    await member.restart()
    await put(store, 'a', 'two')
    await wait
    assert.equal(text((await store.get('a')).entry), 'two')

    const wrong = openAt(t, { endpoints, prefix, credentials: { ...credentials, password: 'guessed' } })
    await assert.rejects(wrong.get('a'), /authentication failed/)
    await assert.rejects(openAt(t, { endpoints, prefix }).get('a'), /user name is empty/)
  })

  test('fault: authentication is enabled while the service runs: 503 with the reason until it has access', async t => {
    const servers = await startEtcd(t, program)
    const endpoints = servers.members.map(({ client }) => `http://${client}`)
    const app = buildTestApp(t, { store: openAt(t, { endpoints, prefix: newPrefix() }) })
    const put = (body: string) => app.inject({ method: 'PUT', url: '/key/a', body })
    assert.equal((await put('one')).statusCode, 201)
    await guard(servers)
    for (const response of [await put('two'), await app.inject('/key/a'), await app.inject('/readyz')]) {
      assertProblem(response, 503, 'store-refuses')
      assert.equal(response.headers['retry-after'], '30')
    }
    await servers.post('auth/disable', {}, { authorization: await tokenFrom(servers) })
    assert.equal((await put('two')).statusCode, 200)
    assert.equal((await app.inject('/readyz')).statusCode, 200)
  })

  test('fault: etcd has lost its tokens: a copy that only watches still gets changes', async t => {
    const { member, endpoints, prefix, forgetTokens } = await startGuardedEtcd(t, program)
    const relay = await startRelay(t, member.client)
    const watching = openAt(t, { endpoints: [relay.url], prefix, credentials })
    const writing = openAt(t, { endpoints, prefix, credentials })
    const { revision } = await put(writing, 'a', 'one')
    await wake(watching, { key: 'a' }, revision - 1)
    const wait = wake(watching, { key: 'a' }, revision)
    relay.cut()
    await forgetTokens()
    await put(writing, 'a', 'two')
    relay.restore()
    await wait
  })
})
