import { type KvEntry, type ListQuery, pageBytes } from '../engine.ts'
import type { Gateway } from './gateway.ts'
import { type KeySpace, keyAfter } from './key-space.ts'
import type { Leases } from './leases.ts'
import type { RangeResponse } from './messages.ts'
import { EtcdRefusal, grpcCode } from './refusal.ts'
import { type StoredEntry, storedEntry, toEntry } from './stored-entry.ts'

/** How many entries are requested first, without knowing their size: with values of 1 MiB, 16 MiB. */
const firstChunk = 16
/** The maximum number of entries per request, because large values may follow small values: with values of 1 MiB, 32 MiB. */
const largestChunk = 32
/** How many leases are queried at once; each needs a request. */
const leasesAtOnce = 32

interface Page {
  revision: number
  found: StoredEntry[]
  /** The last key of the page, if another page follows. */
  next?: string
}

/** Lists entries in pages that end when their values reach `pageBytes`, although etcd limits only their number. */
export class Listing {
  readonly #gateway: Gateway
  readonly #keys: KeySpace
  readonly #leases: Leases

  constructor({ gateway, keys, leases }: { gateway: Gateway; keys: KeySpace; leases: Leases }) {
    this.#gateway = gateway
    this.#keys = keys
    this.#leases = leases
  }

  async read(query: ListQuery): Promise<{ revision: number; entries: KvEntry[]; next?: string }> {
    let page: Page | undefined
    while (!page) page = await this.#readPage(query)
    const { found, ...rest } = page
    const entries = query.includesExpiry ? await this.#withExpiry(found) : found.map(toEntry)
    return { ...rest, entries }
  }

  /** All entries of one revision; undefined if the revision was compacted during the read. */
  async #readPage({ prefix, limit, cursor }: ListQuery): Promise<Page | undefined> {
    const found: StoredEntry[] = []
    let bytes = 0
    let revision: string | undefined
    let { key, range_end } = this.#keys.withPrefix(prefix, cursor)
    for (let more = true; more; ) {
      if (found.length === limit || bytes >= pageBytes) return toPage(revision, found, found.at(-1)?.key)
      const chunk = Math.min(limit - found.length, chunkOf(found.length, bytes))
      const response = await this.#range({ key, range_end, limit: String(chunk), revision })
      if (!response) return undefined
      revision ??= response.header.revision
      more = response.more ?? false
      key = keyAfter(response.kvs?.at(-1)?.key)
      for (const stored of (response.kvs ?? []).map(kv => storedEntry(kv, this.#keys))) {
        if (!stored) continue
        if (bytes >= pageBytes) return toPage(revision, found, found.at(-1)?.key)
        bytes += stored.value.length
        found.push(stored)
      }
    }
    return toPage(revision, found)
  }

  async #range(range: object): Promise<RangeResponse | undefined> {
    try {
      return await this.#gateway.call<RangeResponse>('repeatable', 'kv/range', range)
    } catch (error) {
      if (error instanceof EtcdRefusal && error.code === grpcCode.outOfRange) return undefined
      throw error
    }
  }

  async #withExpiry(found: StoredEntry[]): Promise<KvEntry[]> {
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
}

function toPage(revision: string | undefined, found: StoredEntry[], next?: string): Page {
  return { revision: Number(revision), found, ...(next !== undefined && { next }) }
}

/** How many entries to request to fill about a page, if they have the size of the earlier entries. */
function chunkOf(count: number, bytes: number): number {
  if (count === 0) return firstChunk
  const wanted = Math.ceil((pageBytes - bytes) / Math.max(1, bytes / count))
  return Math.min(Math.max(1, wanted), largestChunk)
}
