import { registrationsPrefix } from '@darkroom/contracts'
import type { KvEntry, KvStore } from './engine/engine.ts'

export type { KvStore } from './engine/engine.ts'
export { openKvStore, storeUrlPattern } from './engine/open-store.ts'

interface MigrationCounts {
  /** How many entries were copied to the target. */
  copied: number
  /** How many entries the target already had with the same value, mostly from an earlier run. */
  present: number
  /** How many entries the target has with another value. They were not changed. */
  differing: number
  /** How many registrations were left out, because the services register again. */
  registrations: number
}

interface MigratedEntries extends MigrationCounts {
  /** Keys of the target that the source does not have. */
  others: string[]
}

const pageSize = 100

/**
 * Copies every entry but registrations. A lease (of an unfinished upload, or a grant) keeps the end that it has in `from`;
 * in SQLite, it starts again when the file is opened. Nothing is overwritten, so the migration can be stopped at any moment
 * and run again. Entries that change during the run may be missed: run it again when no program writes to `from` any more.
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
}): Promise<MigratedEntries> {
  const counts: MigrationCounts = { copied: 0, present: 0, differing: 0, registrations: 0 }
  const keys = new Set<string>()
  for await (const entry of everyEntry(from)) {
    signal?.throwIfAborted()
    keys.add(entry.key)
    counts[await copy(entry, to)] += 1
    onProgress?.({ ...counts }, entry.key)
  }
  const others: string[] = []
  for await (const { key } of everyEntry(to))
    if (!keys.has(key) && !key.startsWith(registrationsPrefix)) others.push(key)
  return { ...counts, others }
}

async function* everyEntry(store: KvStore): AsyncGenerator<KvEntry> {
  let cursor: string | undefined
  do {
    const { entries, next } = await store.list({ prefix: '', limit: pageSize, cursor, includesExpiry: true })
    yield* entries
    cursor = next
  } while (cursor !== undefined)
}

async function copy({ key, value, expiresAt }: KvEntry, to: KvStore): Promise<keyof MigrationCounts> {
  if (key.startsWith(registrationsPrefix)) return 'registrations'
  const ttlSeconds = expiresAt && Math.max(1, Math.ceil((expiresAt.getTime() - Date.now()) / 1000))
  const outcome = await to.set(key, value, { condition: { kind: 'absent' }, ttlSeconds })
  if (outcome.kind === 'written') return 'copied'
  const isSame = outcome.current !== undefined && Buffer.compare(outcome.current.value, value) === 0
  return isSame ? 'present' : 'differing'
}
