import { accessSync, closeSync, constants, existsSync, openSync, renameSync } from 'node:fs'
import { access, copyFile, link, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { type Stage, type StoredBlob, stages } from '@darkroom/contracts'
import { blobKey, blobPath, shardPath, stageFolders } from '../blob-path.ts'
import type { BlobId, Content, OpenBlob, PutOptions } from '../engine.ts'
import { hasNoLinks, isMissing } from './file-errors.ts'
import { makeShards, prepareFolders, syncPath, temporaryPath } from './folders.ts'
import { openBlobFile } from './open-blob-file.ts'
import { openFilesLimit } from './open-files-limit.ts'
import { maxWholeBytes, memoryBytes, syncFile, writeBlobFile, writeWholeBlobFile } from './write-blob-file.ts'

/** Buffers kept for the next writes: allocating them for each blob would burden the garbage collector. */
const maxIdleMemory = 8

/**
 * Blobs as files, `<folder>/inProgress/<shard>/<key>` and `<folder>/finished/<shard>/<key>`.
 *
 * A write goes to a temporary file in `<folder>/<stage>/writing`, then: fsync, rename, fsync of the shard. Without any one
 * of these, a power cut lost the bytes or the name in a test. A failed fsync fails the write, and is not retried: Linux
 * drops the dirty pages, and a second fsync would wrongly succeed (PostgreSQL's "fsyncgate").
 *
 * All files begin in one folder because ext4 puts a new file's inode near its folder. On a new disk, the first files of 512
 * shards took 0.4 ms of CPU time each in a measurement, and 0.13 ms in one folder.
 */
export class BlobFiles {
  readonly #folder: string
  readonly #idleMemory: Buffer[] = []
  /** Open folders of shards, for syncs. */
  readonly #folders = new Map<string, number>()
  readonly #maxFolders = openFilesLimit() / 8
  /** The stages that have their shards, or are getting them. */
  readonly #sharded = new Map<Stage, Promise<void>>()

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async open(folder: string): Promise<BlobFiles> {
    await prepareFolders(folder)
    return new BlobFiles(folder)
  }

  /** Writes a temporary file, and syncs it. If `content` throws, nothing is left behind. */
  async write(
    stage: Stage,
    content: Content,
    options: PutOptions,
  ): Promise<{ path: string; blob: StoredBlob }> {
    const path = this.#temporaryPath(stage)
    try {
      return { path, blob: await this.#write(path, content, options) }
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }

  /** Makes a temporary file the file of a blob, in place of any other. */
  async publish(path: string, id: BlobId): Promise<void> {
    await this.#makeShards(id.stage)
    renameSync(path, this.#path(id))
    await this.#syncShard(id)
  }

  /** Removes a temporary file; it is not an error if it was published. */
  async discard(path: string): Promise<void> {
    await rm(path, { force: true })
  }

  /**
   * A temporary file with the bytes of a blob: a hard link, because files are never changed in place. Without hard links,
   * the bytes are copied.
   */
  async copy(from: BlobId, stage: Stage): Promise<string> {
    const path = this.#temporaryPath(stage)
    try {
      await link(this.#path(from), path).catch(error => {
        if (!hasNoLinks(error)) throw error
        return this.#copyBytes(from, path)
      })
      return path
    } catch (error) {
      await rm(path, { force: true })
      throw error
    }
  }

  open(id: BlobId, { whole }: { whole: boolean }): Promise<OpenBlob | undefined> {
    return openBlobFile(this.#path(id), { whole })
  }

  async describe(id: BlobId): Promise<Pick<OpenBlob, 'blob' | 'modifiedAt'> | undefined> {
    await using opened = await this.open(id, { whole: false })
    return opened && { blob: opened.blob, modifiedAt: opened.modifiedAt }
  }

  /** The removal is not synced: if a power cut undoes it, the bytes belong to no task, and the sweeper deletes them. */
  async remove(id: BlobId): Promise<void> {
    const path = this.#path(id)
    // Usually the blob has no file, and this check takes less time than a change of threads.
    if (existsSync(path)) await rm(path, { force: true })
  }

  /** The keys of a shard's blobs. */
  async keys(stage: Stage, shard: string): Promise<string[]> {
    const folder = join(this.#folder, stageFolders[stage], shard)
    if (!existsSync(folder)) {
      accessSync(dirname(folder)) // on a disk that is not mounted, the folder of the stage is missing, too
      return []
    }
    const names = await readdir(folder)
    return names.filter(name => blobKey.test(name))
  }

  async modifiedAt(id: BlobId): Promise<Date | undefined> {
    try {
      return (await stat(this.#path(id))).mtime
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }

  /** Rejects while the folders of new files can't be written. */
  async checkReady(): Promise<void> {
    for (const stage of stages) await access(dirname(this.#temporaryPath(stage)), constants.W_OK)
  }

  close(): void {
    for (const folder of this.#folders.values()) closeSync(folder)
    this.#folders.clear()
  }

  async #write(path: string, content: Content, options: PutOptions): Promise<StoredBlob> {
    if (content instanceof Uint8Array && content.length <= maxWholeBytes)
      return writeWholeBlobFile(path, content, options)
    const memory = this.#idleMemory.pop() ?? Buffer.allocUnsafeSlow(memoryBytes)
    try {
      const chunks = content instanceof Uint8Array ? Readable.from([content]) : content
      return await writeBlobFile(path, chunks, options, memory)
    } finally {
      if (this.#idleMemory.length < maxIdleMemory) this.#idleMemory.push(memory)
    }
  }

  async #copyBytes(from: BlobId, path: string): Promise<void> {
    await copyFile(this.#path(from), path, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await syncPath(path)
  }

  /** The folder stays open, because opening it is most of the cost of a sync; but most descriptors are left for clients. */
  async #syncShard(id: BlobId): Promise<void> {
    const path = join(this.#folder, shardPath(id))
    const opened = this.#folders.get(path)
    if (opened !== undefined) return await syncFile(opened)
    if (this.#folders.size >= this.#maxFolders) return await syncPath(path)
    const folder = openSync(path, constants.O_RDONLY)
    this.#folders.set(path, folder)
    await syncFile(folder)
  }

  /** Runs once for each stage, whose files wait for it. If it fails, the next file tries again. */
  #makeShards(stage: Stage): Promise<void> {
    const begun = this.#sharded.get(stage)
    if (begun) return begun
    const making = makeShards(join(this.#folder, stageFolders[stage]))
    this.#sharded.set(stage, making)
    making.catch(() => this.#sharded.delete(stage))
    return making
  }

  #temporaryPath(stage: Stage): string {
    return temporaryPath(join(this.#folder, stageFolders[stage]))
  }

  #path(id: BlobId): string {
    return join(this.#folder, blobPath(id))
  }
}
