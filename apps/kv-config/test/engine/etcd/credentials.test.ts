import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startEtcd, withEngine } from '@darkroom/testing'
import { put, text, wake } from '../../conformance/open-engine.ts'
import { newPrefix, openAt } from './shared-etcd.ts'

withEngine('etcd', program => {
  test('a user with a password is let in, again after etcd forgot its tokens, and nobody else is', async t => {
    const servers = await startEtcd(t, program)
    const credentials = { name: 'root', password: 'p@ss:word' }
    await servers.post('auth/user/add', credentials)
    await servers.post('auth/role/add', { name: 'root' })
    await servers.post('auth/user/grant', { user: 'root', role: 'root' })
    await servers.post('auth/enable', {})
    const endpoints = servers.members.map(({ client }) => `http://${client}`)
    const prefix = newPrefix()
    const store = openAt(t, { endpoints, prefix, credentials })
    const { revision } = await put(store, 'a', 'one')
    const wait = wake(store, { key: 'a' }, revision)
    const [member] = servers.members
    await member?.kill()
    await member?.restart()
    await put(store, 'a', 'two')
    await wait
    assert.equal(text((await store.get('a')).entry), 'two')

    const wrong = openAt(t, { endpoints, prefix, credentials: { ...credentials, password: 'guessed' } })
    await assert.rejects(wrong.get('a'), /authentication failed/)
    await assert.rejects(openAt(t, { endpoints, prefix }).get('a'), /user name is empty/)
  })
})
