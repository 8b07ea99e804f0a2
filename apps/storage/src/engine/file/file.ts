import { closeSync, constants, openSync, renameSync } from 'node:fs'
import { copyFile, link, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Disk, Stage, StoredBlob } from '@darkroom/contracts'
import { StoreFull } from '@darkroom/service-kit'
import { blobKey, blobPath, shardPath, stageFolders } from '../blob-path.ts'
import type {
  BlobId,
  BlobListing,
  BlobStore,
  Condition,
  Content,
  OpenBlob,
  PutOptions,
  PutOutcome,
} from '../engine.ts'
import { KeyedMutex } from '../keyed-mutex.ts'
import { hasNoLinks, isFull, isMissing } from './file-errors.ts'
import { prepareFolders, shards, syncPath, temporaryPath } from './folders.ts'
import { FreeSpace } from './free-space.ts'
import { openBlobFile } from './open-blob-file.ts'
import { maxSmallBytes, syncFile, writeBlobFile, writeBytes, writeSmallBlobFile } from './write-blob-file.ts'

/** Buffers kept for the next writes: allocating them for each small blob would burden the garbage collector. */
const maxIdleMemory = 8

interface FileBlobStoreOptions {
  folder: string
  minFreeBytes?: number
  /** Released when the store is closed. It prevents two processes from removing each other's temporary files. */
  lock?: Disposable
}

/**
 * Blobs as files, `<folder>/inProgress/<shard>/<key>` and `<folder>/finished/<shard>/<key>`.
 *
 * A write goes to a temporary file in `<folder>/<stage>/writing`, then: fsync, rename, fsync of the shard. Without any
 * one of these a power cut was measured to lose the bytes or the name. A failed fsync fails the write and is
 * not tried again: Linux drops the dirty pages, and a second fsync would wrongly succeed (PostgreSQL's "fsyncgate").
 *
 * All files begin in one folder because ext4 puts a new file's inode near its folder. On a new disk, the first files of
 * 512 shards were measured to take 0.4 ms of CPU time each; in one folder, they take 0.13 ms.
 */
export class FileBlobStore implements BlobStore {
  readonly #folder: string
  readonly #space: FreeSpace
  readonly #lock: Disposable | undefined
  readonly #mutex = new KeyedMutex()
  readonly #idleMemory: Buffer[] = []
  /** The open folders of the shards, for syncs. */
  readonly #folders = new Map<string, number>()

  private constructor({ folder, minFreeBytes = 0, lock }: FileBlobStoreOptions) {
    this.#folder = folder
    this.#space = new FreeSpace(folder, minFreeBytes)
    this.#lock = lock
  }

  static async open(options: FileBlobStoreOptions): Promise<FileBlobStore> {
    await prepareFolders(options.folder)
    return new FileBlobStore(options)
  }

  async put(id: BlobId, content: Content, options: PutOptions, condition?: Condition): Promise<PutOutcome> {
    // Results may use the reserved space: otherwise accepted images could not be finished.
    if (id.stage === 'pre') await this.#space.check()
    const temporary = this.#temporaryPath(id.stage)
    try {
      const blob = await this.#write(temporary, content, options)
      return await this.#mutex.run(this.#path(id), () => this.#publish(temporary, id, blob, condition))
    } catch (error) {
      await rm(temporary, { force: true })
      throw isFull(error) ? new StoreFull('the disk is full', { cause: error }) : error
    }
  }

  /** A copy is a hard link, as files are never changed in place. Without hard links, the bytes are copied. */
  async copy(from: BlobId, to: BlobId): Promise<StoredBlob | undefined> {
    const temporary = this.#temporaryPath(to.stage)
    try {
      await link(this.#path(from), temporary).catch(error => {
        if (!hasNoLinks(error)) throw error
        return this.#copyBytes(from, temporary)
      })
      return await this.#mutex.run(this.#path(to), async () => {
        renameSync(temporary, this.#path(to))
        await this.#syncShard(this.#shardFolder(to))
        return (await this.#describe(to))?.blob
      })
    } catch (error) {
      if (isMissing(error)) return undefined
      throw isFull(error) ? new StoreFull('the disk is full', { cause: error }) : error
    } finally {
      // rename(2) does nothing if both names already belong to the same file.
      await rm(temporary, { force: true })
    }
  }

  open(id: BlobId, options = { whole: false }): Promise<OpenBlob | undefined> {
    return openBlobFile(this.#path(id), options)
  }

  /** The removal is not synced: if a power cut undoes it, the bytes belong to no task, and the sweeper deletes them. */
  async delete(id: BlobId, condition?: Condition): Promise<boolean> {
    return this.#mutex.run(this.#path(id), async () => {
      if (condition && !condition(await this.#describe(id))) return false
      await rm(this.#path(id), { force: true })
      return true
    })
  }

  async list(stage: Stage, { limit, cursor = '' }: { limit: number; cursor?: string | undefined }) {
    const [fromShard = '', fromKey = ''] = cursor.split('/')
    const listing: BlobListing = { blobs: [] }
    for (const shard of shards) {
      if (shard < fromShard) continue
      const folder = join(this.#folder, stageFolders[stage], shard)
      const keys = (await readdir(folder)).filter(name => blobKey.test(name)).sort()
      for (const key of keys) {
        if (shard === fromShard && key <= fromKey) continue
        const modifiedAt = await modificationTime(join(folder, key))
        if (!modifiedAt) continue
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
    await stat(join(this.#folder, stageFolders.pre))
  }

  async close(): Promise<void> {
    await this.#mutex.idle()
    for (const folder of this.#folders.values()) closeSync(folder)
    this.#folders.clear()
    this.#lock?.[Symbol.dispose]()
  }

  async #write(path: string, content: Content, options: PutOptions): Promise<StoredBlob> {
    const isSmall = content instanceof Uint8Array && content.length <= maxSmallBytes
    if (isSmall) return writeSmallBlobFile(path, content, options)
    const memory = this.#idleMemory.pop() ?? Buffer.allocUnsafeSlow(writeBytes)
    try {
      const chunks = content instanceof Uint8Array ? Readable.from([content]) : content
      return await writeBlobFile(path, chunks, options, memory)
    } finally {
      if (this.#idleMemory.length < maxIdleMemory) this.#idleMemory.push(memory)
    }
  }

  /** Moves the temporary file to its place, unless newer bytes are stored or the condition is false. */
  async #publish(
    temporary: string,
    id: BlobId,
    blob: StoredBlob,
    condition?: Condition,
  ): Promise<PutOutcome> {
    const current = await this.#describe(id)
    if (current && current.blob.fence > blob.fence) {
      await rm(temporary)
      return { kind: 'fenced', newest: current.blob.fence }
    }
    if (condition && !condition(current)) {
      await rm(temporary)
      return { kind: 'refused', blob }
    }
    renameSync(temporary, this.#path(id))
    await this.#syncShard(this.#shardFolder(id))
    return { kind: 'stored', blob }
  }

  async #copyBytes(from: BlobId, path: string): Promise<void> {
    await this.#space.check()
    await copyFile(this.#path(from), path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await syncPath(path)
  }

  async #describe(id: BlobId) {
    await using opened = await this.open(id)
    return opened && { blob: opened.blob, modifiedAt: opened.modifiedAt }
  }

  /** The folder stays open, as opening it is most of the cost of a sync. */
  async #syncShard(path: string): Promise<void> {
    let folder = this.#folders.get(path)
    if (folder === undefined) {
      folder = openSync(path, constants.O_RDONLY)
      this.#folders.set(path, folder)
    }
    await syncFile(folder)
  }

  #temporaryPath(stage: Stage): string {
    return temporaryPath(join(this.#folder, stageFolders[stage]))
  }

  #shardFolder(id: BlobId): string {
    return join(this.#folder, shardPath(id))
  }

  #path(id: BlobId): string {
    return join(this.#folder, blobPath(id))
  }
}

async function modificationTime(path: string): Promise<Date | undefined> {
  try {
    return (await stat(path)).mtime
  } catch (error) {
    if (isMissing(error)) return undefined // deleted while we listed
    throw error
  }
}
