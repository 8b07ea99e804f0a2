import type { Logger } from '@darkroom/service-kit'
import { ChangeFeed } from '../change-feed.ts'
import { holds } from '../condition.ts'
import {
  type Cluster,
  type Condition,
  type KvEntry,
  type KvStore,
  type ListQuery,
  pageBytes,
  type Scope,
  type WriteOutcome,
} from '../engine.ts'
import type { EtcdAddress } from './address.ts'
import { EtcdCluster } from './cluster.ts'
import { full } from './errors.ts'
import { Gateway } from './gateway.ts'
import { KeySpace } from './key-space.ts'
import { Leases } from './leases.ts'
import {
  base64,
  fromBase64,
  type KeyValue,
  type RangeAnswer,
  type StatusAnswer,
  type TxnAnswer,
} from './messages.ts'
import { EtcdRefusal, grpcCode } from './refusal.ts'
import { fromStored, toStored } from './stored-value.ts'
import { Watch } from './watch.ts'

/** How many entries a listing requests first, without knowing their size: with values of 1 MiB, 16 MiB. */
const firstChunk = 16
/** The most entries per request, as large values may follow small ones: with values of 1 MiB, 32 MiB. */
const largestChunk = 32
/** How many leases are queried at once; each needs a request. */
const leasesAtOnce = 32

/** An entry as stored in etcd. */
interface Stored extends Pick<KvEntry, 'key' | 'value' | 'revision'> {
  /** The revision of the last write to the key, which transactions compare. */
  modRevision: string
  lease?: string
}

type Write = { put: Uint8Array; lease: string | undefined } | 'delete'

/**
 * A store in etcd, by its JSON gateway. Reads are linearizable. A write reads the key and replaces it in a
 * transaction that compares the key's last revision; if another write came first, it repeats both. At most one of its
 * transactions takes effect, even if etcd does it after the caller has stopped waiting.
 */
export class EtcdKvStore implements KvStore {
  readonly cluster: Cluster
  readonly #gateway: Gateway
  readonly #keys: KeySpace
  readonly #leases: Leases
  readonly #feed = new ChangeFeed(0)
  readonly #watch: Watch

  constructor(address: EtcdAddress, logger: Logger) {
    this.#gateway = new Gateway(address)
    this.#keys = new KeySpace(address.prefix)
    this.#leases = new Leases(this.#gateway)
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

  async list(query: ListQuery) {
    for (;;) {
      const page = await this.#readPage(query)
      if (!page) continue
      const { found, ...rest } = page
      const entries = query.includesExpiry ? await this.#withExpiry(found) : found.map(toEntry)
      return { ...rest, entries }
    }
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
      // The feed may be a little late. But a revision that etcd itself has not reached is from another store.
      const now = await Promise.race([this.revision(), aborted])
      if (now !== undefined && after > now) return
    }
    await this.#feed.wait(scope, after, signal)
  }

  async checkReady(): Promise<void> {
    await this.revision()
    const { errors = [] } = await this.#gateway.call<StatusAnswer>('repeatable', 'maintenance/status', {})
    const alarm = errors.find(error => error.includes('NOSPACE'))
    if (alarm !== undefined) throw full(new Error(`etcd has raised an alarm: ${alarm}`))
  }

  async close(): Promise<void> {
    await Promise.all([this.#gateway.close(), this.#watch.close()])
  }

  async #read(key: string): Promise<{ revision: number; stored: Stored | undefined }> {
    const answer = await this.#gateway.call<RangeAnswer>('repeatable', 'kv/range', this.#keys.one(key))
    return { revision: Number(answer.header.revision), stored: this.#toStored(answer.kvs?.[0]) }
  }

  /** All entries of one revision; undefined if the revision was compacted during the read. */
  async #readPage({ prefix, limit, cursor }: ListQuery) {
    const found: Stored[] = []
    let bytes = 0
    let revision: string | undefined
    for (let more = true; more; ) {
      const last = found.at(-1)?.key
      if (found.length === limit || bytes >= pageBytes) return toPage(revision, found, last)
      const chunk = Math.min(limit - found.length, chunkOf(found.length, bytes))
      const range = { ...this.#keys.withPrefix(prefix, last ?? cursor), limit: String(chunk), revision }
      const answer = await this.#range(range)
      if (!answer) return undefined
      revision ??= answer.header.revision
      more = answer.more ?? false
      for (const stored of (answer.kvs ?? []).map(kv => this.#toStored(kv))) {
        if (!stored) continue
        if (bytes >= pageBytes) return toPage(revision, found, found.at(-1)?.key)
        bytes += stored.value.length
        found.push(stored)
      }
    }
    return toPage(revision, found)
  }

  async #range(range: object): Promise<RangeAnswer | undefined> {
    try {
      return await this.#gateway.call<RangeAnswer>('repeatable', 'kv/range', range)
    } catch (error) {
      if (error instanceof EtcdRefusal && error.code === grpcCode.outOfRange) return undefined
      throw error
    }
  }

  async #withExpiry(found: Stored[]): Promise<KvEntry[]> {
    const entries: KvEntry[] = []
    for (let start = 0; start < found.length; start += leasesAtOnce) {
      const some = found.slice(start, start + leasesAtOnce).map(async stored => {
        if (stored.lease === undefined) return toEntry(stored)
        return { ...toEntry(stored), expiresAt: await this.#leases.expiry(stored.lease) }
      })
      entries.push(...(await Promise.all(some)))
    }
    return entries
  }

  /** Writes if the key is unchanged since the read; otherwise returns the current entry. */
  async #replace(key: string, stored: Stored | undefined, write: Write) {
    const one = this.#keys.one(key)
    const answer = await this.#gateway.call<TxnAnswer>('write', 'kv/txn', {
      // A missing key has the revision 0.
      compare: [{ ...one, target: 'MOD', result: 'EQUAL', mod_revision: stored?.modRevision ?? '0' }],
      success: [
        write === 'delete'
          ? { request_delete_range: one }
          : { request_put: { ...one, value: base64(write.put), lease: write.lease } },
      ],
      failure: [{ request_range: one }],
    })
    const revision = Number(answer.header.revision)
    if (answer.succeeded) {
      if (stored?.lease !== undefined) this.#leases.revoke(stored.lease)
      return { isDone: true, revision } as const
    }
    const [now] = answer.responses ?? []
    return { isDone: false, revision, stored: this.#toStored(now?.response_range?.kvs?.[0]) } as const
  }

  #toStored(kv: KeyValue | undefined): Stored | undefined {
    if (!kv) return undefined
    const { mod_revision: modRevision = '0', lease } = kv
    const { value, keptRevision = Number(modRevision) } = fromStored(fromBase64(kv.value))
    return {
      key: this.#keys.read(kv.key),
      value,
      revision: keptRevision,
      modRevision,
      ...(lease !== undefined && { lease }),
    }
  }
}

function toEntry({ key, value, revision, lease }: Stored): KvEntry {
  return { key, value, revision, isLeased: lease !== undefined }
}

function toPage(revision: string | undefined, found: Stored[], next?: string) {
  return { revision: Number(revision), found, ...(next !== undefined && { next }) }
}

/** How many entries to request to fill about a page, if they have the size of the earlier entries. */
function chunkOf(count: number, bytes: number): number {
  if (count === 0) return firstChunk
  const wanted = Math.ceil((pageBytes - bytes) / Math.max(1, bytes / count))
  return Math.min(Math.max(1, wanted), largestChunk)
}
