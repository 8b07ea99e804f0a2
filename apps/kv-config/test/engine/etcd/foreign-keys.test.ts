import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withEngine } from '@darkroom/testing'
import { base64 } from '../../../src/engine/etcd/messages.ts'
import { newPrefix, openEtcdStore, shareEtcd } from './shared-etcd.ts'

/** Bytes that no UTF-8 contains before, between and after the bytes of valid keys. */
const invalid = Array.from({ length: 0x7f }, (_, n) => 0x80 + n)

withEngine('etcd', program => {
  const etcd = shareEtcd(program)

  test('keys in etcd that are not UTF-8 neither hide other keys nor make a listing endless', async t => {
    const prefix = newPrefix()
    const store = openEtcdStore(t, etcd(), prefix)
    const valid = ['k/a', 'k/b', 'k/é', 'k/\ufffd', 'k/\u{1f600}']
    for (const key of valid) await store.set(key, Buffer.from(key), { condition: { kind: 'always' } })
    const { revision } = await store.list({ prefix: 'k/', limit: 1 })
    for (const byte of invalid) {
      const key = base64(Buffer.concat([Buffer.from(`${prefix}k/`), Buffer.of(byte)]))
      await etcd().post('kv/put', { key, value: '' })
    }
    for (const limit of [1, 2, 1000]) {
      const listed: string[] = []
      let cursor: string | undefined
      do {
        const page = await store.list({ prefix: 'k/', limit, cursor })
        listed.push(...page.entries.map(({ key }) => key))
        cursor = page.next
      } while (cursor !== undefined && listed.length <= valid.length)
      assert.deepEqual(listed, valid)
    }
    await store.set('k/c', Buffer.of(1), { condition: { kind: 'always' } })
    await store.waitForChange({ prefix: 'k/' }, revision, AbortSignal.timeout(5000))
  })
})
