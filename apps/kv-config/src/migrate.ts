import type { KvEntry, KvStore } from './engine/engine.ts'

export type { KvStore } from './engine/engine.ts'
export { openKvStore, storeUrlPattern } from './engine/open-store.ts'

export interface MigrationCounts {
  /** Set in the other store now. */
  copied: number
  /** Stood there already, with the same value: of an earlier run, mostly. */
  present: number
  /** Stand there with another value, and were left as they are. */
  differing: number
  /** Have a lease, so that they come anew by themselves. */
  leased: number
}

const pageSize = 100

/**
 * Copies every entry that has no lease. Nothing is overwritten, so that it can be broken off at any moment and
 * run again: what was copied is found there. Entries that change or come while it runs may be missed: run it
 * again when nobody writes to `from` any more.
 *
 * @throws the reason of `signal` when that is aborted; what the stores throw when they don't answer
 */
export async function migrateKv({
  from,
  to,
  signal,
  onProgress,
}: {
  from: KvStore
  to: KvStore
  signal?: AbortSignal
  /** Called after every entry, with the counts so far and its key. */
  onProgress?: (counts: Readonly<MigrationCounts>, key: string) => void
}): Promise<MigrationCounts> {
  const counts: MigrationCounts = { copied: 0, present: 0, differing: 0, leased: 0 }
  for await (const entry of everyEntry(from)) {
    signal?.throwIfAborted()
    counts[await copy(entry, to)] += 1
    onProgress?.({ ...counts }, entry.key)
  }
  return counts
}

async function* everyEntry(store: KvStore): AsyncGenerator<KvEntry> {
  let cursor: string | undefined
  do {
    const { entries, next } = await store.list({ prefix: '', limit: pageSize, cursor })
    yield* entries
    cursor = next
  } while (cursor !== undefined)
}

async function copy({ key, value, isLeased }: KvEntry, to: KvStore): Promise<keyof MigrationCounts> {
  if (isLeased) return 'leased'
  const outcome = await to.set(key, value, { condition: { kind: 'absent' } })
  if (outcome.kind === 'written') return 'copied'
  const isSame = outcome.current !== undefined && Buffer.compare(outcome.current.value, value) === 0
  return isSame ? 'present' : 'differing'
}
