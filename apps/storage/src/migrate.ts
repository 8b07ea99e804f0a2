import { buffer } from 'node:stream/consumers'
import { isDeepStrictEqual } from 'node:util'
import type { Stage } from '@darkroom/contracts'
import { mapConcurrently } from '@darkroom/service-kit'
import { DamagedBlob } from './engine/blob-footer.ts'
import { type BlobId, type BlobStore, type OpenBlob, smallBytes } from './engine/engine.ts'

export { stageFolders } from './engine/blob-path.ts'
export { openBlobStore, storeUrlPattern } from './engine/open-store.ts'

interface BlobMigration {
  /** No other process may use it meanwhile. */
  from: BlobStore
  to: BlobStore
  /** Ends the migration after the blobs that are being copied. The copied blobs stay. */
  signal: AbortSignal
  onProgress(progress: { phase: 'copying'; done: number }): void
}

interface MigratedBlobs {
  /** Blobs of the source that the target has now. */
  blobs: number
  /** How many of these the target did not have before. */
  copied: number
  /** How many of these the target has with a newer fencing token; they stay as they are. */
  newer: number
  /** `<stage>/<key>` of the blobs that can't be read, or whose bytes don't have their digest; they are not copied. */
  damaged: string[]
}

const stages: readonly Stage[] = ['pre', 'post']
const pageSize = 1000
const blobsAtOnce = 4

/**
 * Copies blobs unchanged: bytes, content types and fencing tokens. The digest of each blob is compared with that of the
 * bytes that were read. It can be interrupted and started again: copied blobs are not copied again.
 *
 * @throws the reason of `signal`; StoreUnavailable, StoreFull
 */
export async function migrateBlobs({ from, to, signal, onProgress }: BlobMigration): Promise<MigratedBlobs> {
  const result: MigratedBlobs = { blobs: 0, copied: 0, newer: 0, damaged: [] }
  for (const stage of stages) {
    let cursor: string | undefined
    do {
      const page = await from.list(stage, { limit: pageSize, cursor })
      await mapConcurrently(blobsAtOnce, page.blobs, async ({ key }) => {
        signal.throwIfAborted()
        const outcome = await migrateBlob(from, to, { key, stage })
        if (outcome === 'damaged') result.damaged.push(`${stage}/${key}`)
        else if (outcome !== 'gone') result.blobs++
        if (outcome === 'copied' || outcome === 'newer') result[outcome]++
        onProgress({ phase: 'copying', done: result.blobs })
      })
      cursor = page.next
    } while (cursor !== undefined)
  }
  return result
}

type Outcome = 'copied' | 'present' | 'newer' | 'damaged' | 'gone'

async function migrateBlob(from: BlobStore, to: BlobStore, id: BlobId): Promise<Outcome> {
  try {
    await using source = await from.open(id, { whole: true })
    return source ? await copyBlob(source, to, id) : 'gone'
  } catch (error) {
    if (error instanceof DamagedBlob) return 'damaged'
    throw error
  }
}

async function copyBlob(source: OpenBlob, to: BlobStore, id: BlobId): Promise<Outcome> {
  const { bytes, ...facts } = source.blob
  await using present = await to.open(id)
  if (present && isDeepStrictEqual(present.blob, source.blob)) return 'present'
  const content = bytes === 0 ? new Uint8Array() : source.read({ start: 0, end: bytes - 1 })
  const small = bytes < smallBytes && !(content instanceof Uint8Array)
  const outcome = await to.put(id, small ? await buffer(content) : content, facts)
  if (outcome.kind !== 'stored') return 'newer'
  if (outcome.blob.sha256 === facts.sha256) return 'copied'
  await to.delete(id)
  return 'damaged'
}
