import { after, before, type TestContext } from 'node:test'
import { createLogger } from '@darkroom/service-kit'
import { type EtcdServers, startEtcd } from '@darkroom/testing'
import type { EtcdAddress } from '../../../src/engine/etcd/address.ts'
import { EtcdKvStore } from '../../../src/engine/etcd/etcd.ts'

/** An etcd for all tests of a file; each store in it has its own prefix. */
export function shareEtcd(program: string, options: { members?: number } = {}) {
  const endings: (() => unknown)[] = []
  let servers: EtcdServers | undefined
  before(async () => {
    servers = await startEtcd({ after: ending => endings.push(ending as () => unknown) }, program, options)
  })
  after(async () => {
    for (const end of endings.toReversed()) await end()
  })
  return () => {
    if (servers === undefined) throw new Error('etcd runs only within tests')
    return servers
  }
}

let stores = 0

/** A new prefix. */
export function newPrefix(): string {
  stores += 1
  return `store-${stores}/`
}

/** A store in these servers; it is closed with the test. */
export function openEtcdStore(t: TestContext, { members }: EtcdServers, prefix = newPrefix()): EtcdKvStore {
  return openAt(t, { endpoints: members.map(({ client }) => `http://${client}`), prefix })
}

export function openAt(t: TestContext, address: EtcdAddress): EtcdKvStore {
  const store = new EtcdKvStore(address, createLogger('kv-config', 'silent'))
  t.after(() => store.close())
  return store
}
