import type { KvEntry, KvStore } from './engine/engine.ts'

export type { KvStore } from './engine/engine.ts'
export { openKvStore, storeUrlPattern } from './engine/open-store.ts'

export interface MigrationCounts {
  /** Entries copied to the other store. */
  copied: number
  /** Entries that were there already with the same value, mostly from an earlier run. */
  present: number
  /** Entries that exist there with another value, and were not changed. */
  differing: number
  /** Entries with a lease, whose owners will set them again. */
  leased: number
}

const pageSize = 100

/**
 * Copies every entry that has no lease. It overwrites nothing, so it can be stopped at any moment and run again.
 * Entries that change during the run may be missed: run it again when nothing writes to `from` any more.
 *
 * @throws the reason of `signal` when it is aborted, and the errors of the stores
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
