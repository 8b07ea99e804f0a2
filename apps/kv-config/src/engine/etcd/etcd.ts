import type { Logger } from '@darkroom/service-kit'
import { ChangeFeed } from '../change-feed.ts'
import { holds } from '../condition.ts'
import type { Cluster, Condition, KvStore, ListQuery, Scope, WriteOutcome } from '../engine.ts'
import type { EtcdAddress } from './address.ts'
import { EtcdCluster } from './cluster.ts'
import { full } from './errors.ts'
import { Gateway } from './gateway.ts'
import { KeySpace } from './key-space.ts'
import { Leases } from './leases.ts'
import { Listing } from './listing.ts'
import { base64, type RangeResponse, type StatusResponse, type TxnResponse } from './messages.ts'
import { type StoredEntry, storedEntry, toEntry } from './stored-entry.ts'
import { toStored } from './stored-value.ts'
import { Watch } from './watch.ts'

type Write = { put: Uint8Array; lease: string | undefined } | 'delete'

/**
 * A store in etcd, through its JSON gateway. Reads are linearizable. A write reads the key and replaces it in a
 * transaction that compares the key's last revision; if another write came first, it repeats both. At most one of its
 * transactions takes effect, even if etcd does it after the caller has stopped waiting.
 */
export class EtcdKvStore implements KvStore {
  readonly cluster: Cluster
  readonly #gateway: Gateway
  readonly #keys: KeySpace
  readonly #leases: Leases
  readonly #listing: Listing
  readonly #feed = new ChangeFeed(0)
  readonly #watch: Watch

  constructor(address: EtcdAddress, logger: Logger) {
    this.#gateway = new Gateway(address)
    this.#keys = new KeySpace(address.prefix)
    this.#leases = new Leases(this.#gateway)
    this.#listing = new Listing({ gateway: this.#gateway, keys: this.#keys, leases: this.#leases })
    this.#watch = new Watch({ gateway: this.#gateway, keys: this.#keys, feed: this.#feed, logger })
    this.cluster = new EtcdCluster(this.#gateway)
  }

  async revision(): Promise<number> {
    const { revision } = await this.#read('')
    return revision
  }

  async get(key: string) {
    const { revision, stored } = await this.#read(key)
    return { revision, entry: stored && toEntry(stored) }
  }

  list(query: ListQuery) {
    return this.#listing.read(query)
  }

  async set(
    key: string,
    value: Uint8Array,
    { condition, ttlSeconds }: { condition: Condition; ttlSeconds?: number | undefined },
  ): Promise<WriteOutcome> {
    let { stored } = await this.#read(key)
    for (;;) {
      if (!holds(condition, stored)) return { kind: 'conflict', current: stored && toEntry(stored) }
      const same = stored && Buffer.compare(stored.value, value) === 0 ? stored : undefined
      const lease = await this.#leases.renewOrGrant(same?.lease, ttlSeconds)
      if (same && same.lease === lease) return { kind: 'written', revision: same.revision, isNew: false }
      const outcome = await this.#replace(key, stored, { put: toStored(value, same?.revision), lease })
      if (outcome.isDone) {
        const revision = same?.revision ?? outcome.revision
        return { kind: 'written', revision, isNew: stored === undefined }
      }
      if (lease !== undefined) this.#leases.revoke(lease)
      stored = outcome.stored
    }
  }

  async delete(key: string, condition: Condition): Promise<WriteOutcome> {
    let { revision, stored } = await this.#read(key)
    for (;;) {
      if (!holds(condition, stored)) return { kind: 'conflict', current: stored && toEntry(stored) }
      if (!stored) return { kind: 'written', revision, isNew: false }
      const outcome = await this.#replace(key, stored, 'delete')
      revision = outcome.revision
      if (outcome.isDone) return { kind: 'written', revision, isNew: false }
      stored = outcome.stored
    }
  }

  async waitForChange(scope: Scope, after: number, signal: AbortSignal): Promise<void> {
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>()
    if (signal.aborted) resolve(undefined)
    else signal.addEventListener('abort', () => resolve(undefined), { once: true })
    await Promise.race([this.#watch.started, aborted])
    if (after > this.#feed.revision) {
      // The feed may be a little late. But a revision that etcd itself has not reached comes from another store.
      const now = await Promise.race([this.revision(), aborted])
      if (now !== undefined && after > now) return
    }
    await this.#feed.wait(scope, after, signal)
  }

  async checkReady(): Promise<void> {
    await this.revision()
    const { errors = [] } = await this.#gateway.call<StatusResponse>('repeatable', 'maintenance/status', {})
    const alarm = errors.find(error => error.includes('NOSPACE'))
    if (alarm !== undefined) throw full(new Error(`etcd has raised an alarm: ${alarm}`))
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway.close(), this.#watch.close()])
  }

  async #read(key: string): Promise<{ revision: number; stored: StoredEntry | undefined }> {
    const response = await this.#gateway.call<RangeResponse>('repeatable', 'kv/range', this.#keys.one(key))
    return { revision: Number(response.header.revision), stored: storedEntry(response.kvs?.[0], this.#keys) }
  }

  /** Writes if the key is unchanged since the read; otherwise returns the current entry. */
  async #replace(key: string, stored: StoredEntry | undefined, write: Write) {
    const one = this.#keys.one(key)
    const response = await this.#gateway.call<TxnResponse>('write', 'kv/txn', {
      // A missing key has the revision 0.
      compare: [{ ...one, target: 'MOD', result: 'EQUAL', mod_revision: stored?.modRevision ?? '0' }],
      success: [
        write === 'delete'
          ? { request_delete_range: one }
          : { request_put: { ...one, value: base64(write.put), lease: write.lease } },
      ],
      failure: [{ request_range: one }],
    })
    const revision = Number(response.header.revision)
    if (response.succeeded) {
      if (stored?.lease !== undefined) this.#leases.revoke(stored.lease)
      return { isDone: true, revision } as const
    }
    const [now] = response.responses ?? []
    return {
      isDone: false,
      revision,
      stored: storedEntry(now?.response_range?.kvs?.[0], this.#keys),
    } as const
  }
}
