import { hash } from 'node:crypto'
import { join } from 'node:path'
import type { Disk, Stage, StoredBlob } from '@darkroom/contracts'
import { StoreFull } from '@darkroom/service-kit'
import { blobPath } from '../blob-path.ts'
import {
  type BlobId,
  type BlobListing,
  type BlobStore,
  type Condition,
  type Content,
  type OpenBlob,
  type PutOptions,
  type PutOutcome,
  smallBytes,
} from '../engine.ts'
import { KeyedMutex } from '../keyed-mutex.ts'
import { BlobFiles } from './blob-files.ts'
import { isFull } from './file-errors.ts'
import { shards } from './folders.ts'
import { FreeSpace } from './free-space.ts'
import { SmallBlobs } from './small-blobs.ts'

interface FileBlobStoreOptions {
  folder: string
  minFreeBytes?: number
  /** Released when the store is closed. It prevents two processes from removing each other's temporary files. */
  lock?: Disposable
}

/** What is stored now. */
type Current = Pick<OpenBlob, 'blob' | 'modifiedAt'> | undefined

/**
 * Blobs on a local disk: small blobs as rows of a database, others as files
 * (docs/decisions/0010-small-blobs-are-rows.md).
 *
 * A write of the other kind first stores its blob, and then removes the old blob. After a crash in between, both exist; then
 * the blob with the newer fencing token counts, or the row if the tokens are equal. The write was not acknowledged, so
 * either result is right.
 */
export class FileBlobStore implements BlobStore {
  readonly #files: BlobFiles
  readonly #small: SmallBlobs
  readonly #space: FreeSpace
  readonly #lock: Disposable | undefined
  readonly #mutex = new KeyedMutex()

  private constructor(files: BlobFiles, { folder, minFreeBytes = 0, lock }: FileBlobStoreOptions) {
    this.#files = files
    this.#small = new SmallBlobs(join(folder, 'small-blobs.sqlite'))
    this.#space = new FreeSpace(folder, minFreeBytes)
    this.#lock = lock
  }

  /** @throws UnusableFile */
  static async open(options: FileBlobStoreOptions): Promise<FileBlobStore> {
    return new FileBlobStore(await BlobFiles.open(options.folder), options)
  }

  async put(id: BlobId, content: Content, options: PutOptions, condition?: Condition): Promise<PutOutcome> {
    const isSmall = content instanceof Uint8Array && content.length < smallBytes
    // Results may use the reserved space: otherwise accepted images could not be finished.
    if (id.stage === 'pre') await this.#space.check(() => (isSmall ? this.#small.reusableBytes() : 0))
    return await (isSmall
      ? this.#putSmall(id, content, options, condition)
      : this.#putFile(id, content, options, condition)
    ).catch(explainFull)
  }

  async copy(from: BlobId, to: BlobId): Promise<StoredBlob | undefined> {
    return await this.#copy(from, to).catch(explainFull)
  }

  async open(id: BlobId, options = { whole: false }): Promise<OpenBlob | undefined> {
    // Both are looked up at once. A blob that changes its kind exists as both for a moment, so it is always found.
    const row = this.#small.open(id)
    const file = await this.#files.open(id, options)
    if (newer(row, file) === file) return file
    await file?.[Symbol.asyncDispose]()
    return row
  }

  async delete(id: BlobId, condition?: Condition): Promise<boolean> {
    return this.#exclusively(id, async () => {
      if (condition && !condition(await this.#describe(id))) return false
      await this.#files.remove(id)
      if (this.#small.describe(id)) await this.#small.remove(id)
      return true
    })
  }

  /** Shard by shard, so that a blob keeps its place in the listing when it becomes a file or a row. */
  async list(stage: Stage, { limit, cursor = '' }: { limit: number; cursor?: string | undefined }) {
    const [fromShard = '', fromKey = ''] = cursor.split('/')
    const listing: BlobListing = { blobs: [] }
    for (const shard of shards) {
      if (shard < fromShard) continue
      // Rows are read twice, because a blob may become a file, or a row, while the files are read.
      const before = this.#small.list(stage, shard)
      const files = await this.#files.keys(stage, shard)
      const rows = new Map([...before, ...this.#small.list(stage, shard)])
      for (const key of [...new Set([...files, ...rows.keys()])].sort()) {
        if (shard === fromShard && key <= fromKey) continue
        const modifiedAt = rows.get(key) ?? (await this.#modifiedAt({ key, stage }))
        if (!modifiedAt) continue // deleted while we listed
        listing.blobs.push({ key, modifiedAt })
        if (listing.blobs.length === limit) return { ...listing, next: `${shard}/${key}` }
      }
    }
    return listing
  }

  disk(): Promise<Disk> {
    return this.#space.read()
  }

  async checkReady(): Promise<void> {
    await this.#small.checkReady()
    await this.#files.checkReady()
  }

  async close(): Promise<void> {
    await this.#mutex.idle()
    await this.#small.close()
    this.#files.close()
    this.#lock?.[Symbol.dispose]()
  }

  async #putSmall(
    id: BlobId,
    content: Uint8Array,
    options: PutOptions,
    condition: Condition | undefined,
  ): Promise<PutOutcome> {
    const blob = { bytes: content.length, sha256: hash('sha256', content), ...options }
    return this.#exclusively(id, async () => {
      const refusal = refusalOf(blob, await this.#describe(id), condition)
      if (!refusal) await this.#publishSmall(id, blob, content)
      return refusal ?? { kind: 'stored', blob }
    })
  }

  async #putFile(
    id: BlobId,
    content: Content,
    options: PutOptions,
    condition: Condition | undefined,
  ): Promise<PutOutcome> {
    const { path, blob } = await this.#files.write(id.stage, content, options)
    let isPublished = false
    try {
      return await this.#exclusively(id, async () => {
        const refusal = refusalOf(blob, await this.#describe(id), condition)
        if (refusal) return refusal
        await this.#publish(path, id)
        isPublished = true
        return { kind: 'stored', blob }
      })
    } finally {
      if (!isPublished) await this.#files.discard(path)
    }
  }

  async #copy(from: BlobId, to: BlobId): Promise<StoredBlob | undefined> {
    const source = await this.#exclusively(from, async () => {
      const row = this.#small.open(from)
      const file = await this.#files.describe(from)
      if (row && newer(row, file) === row) return row
      return file && { path: await this.#files.copy(from, to.stage), blob: file.blob }
    })
    if (!source) return undefined
    if ('content' in source)
      await this.#exclusively(to, () => this.#publishSmall(to, source.blob, source.content))
    else
      try {
        await this.#exclusively(to, () => this.#publish(source.path, to))
      } finally {
        // rename(2) does nothing if both names already belong to the same file.
        await this.#files.discard(source.path)
      }
    return source.blob
  }

  async #publishSmall(id: BlobId, blob: StoredBlob, content: Uint8Array): Promise<void> {
    await this.#small.put(id, blob, content)
    await this.#files.remove(id)
  }

  async #publish(path: string, id: BlobId): Promise<void> {
    await this.#files.publish(path, id)
    if (this.#small.describe(id)) await this.#small.remove(id)
  }

  async #describe(id: BlobId): Promise<Current> {
    return newer(this.#small.describe(id), await this.#files.describe(id))
  }

  async #modifiedAt(id: BlobId): Promise<Date | undefined> {
    return (await this.#files.modifiedAt(id)) ?? this.#small.describe(id)?.modifiedAt
  }

  #exclusively<Result>(id: BlobId, work: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(blobPath(id), work)
  }
}

/** Returns the row or the file, whichever counts (see FileBlobStore). */
function newer<Row extends Current, File extends Current>(row: Row, file: File): Row | File {
  return row && (!file || row.blob.fence >= file.blob.fence) ? row : file
}

function refusalOf(
  blob: StoredBlob,
  current: Current,
  condition: Condition | undefined,
): Exclude<PutOutcome, { kind: 'stored' }> | undefined {
  if (current && current.blob.fence > blob.fence) return { kind: 'fenced', newest: current.blob.fence }
  return condition && !condition(current) ? { kind: 'refused', blob } : undefined
}

function explainFull(error: unknown): never {
  throw isFull(error) ? new StoreFull('the disk is full', { cause: error }) : error
}
