import { CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Stage, StoredBlob } from '@darkroom/contracts'
import { type Logger, StoreMisconfigured, StoreUnavailable } from '@darkroom/service-kit'
import { blobKey, blobPath, stageFolders } from '../blob-path.ts'
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
import { AbandonedUploads } from './abandoned-uploads.ts'
import type { S3Location } from './address.ts'
import { BlobReader } from './blob-reader.ts'
import { BlobWriter } from './blob-writer.ts'
import { makeS3Clients, type S3ClientOptions, type S3Clients } from './clients.ts'
import { ConditionalWrites } from './conditional-writes.ts'
import { within } from './deadline.ts'
import { asStoreError, hasErrorCode } from './errors.ts'
import type { UploadTimeouts } from './multipart-upload.ts'

export interface S3BlobStoreOptions
  extends Pick<S3ClientOptions, 'location' | 'credentials'>,
    Partial<UploadTimeouts> {
  logger: Logger
  /** Multipart uploads that received no part for this long count as abandoned. */
  abandonedMs?: number
}

/** Callers wait 10 s for a response, so they get the error in time. */
const defaultAnswerMs = 8000
/** Enough for 8 MiB at 300 kB/s. */
const defaultPartMs = 30_000

/**
 * Blobs as objects, `<prefix>inProgress/<shard>/<key>` and `<prefix>finished/<shard>/<key>`: the same names and
 * contents as in the file engine, so that its folder can be copied to a bucket unchanged.
 *
 *     up to 8 MiB   one PutObject                                      bytes | footer
 *     longer        CreateMultipartUpload, UploadPart ..., Complete    bytes ... | footer
 *
 * The digest is known only after the last byte, when headers can no longer be sent; so it is in the footer. A small object
 * also has it in a header, which saves a request when it is read.
 *
 * A write depends on the object whose fencing token was compared: its last request has If-Match or If-None-Match, and is
 * refused if another write came first. Each footer names its write, so no two objects have the same ETag, not even with the
 * same bytes. README.md explains the limits of servers without such conditions.
 */
export class S3BlobStore implements BlobStore {
  readonly #clients: S3Clients
  readonly #location: S3Location
  readonly #answerMs: number
  readonly #reader: BlobReader
  readonly #writes: ConditionalWrites
  readonly #writer: BlobWriter
  #abandonedUploads: AbandonedUploads | undefined
  #closed: Promise<void> | undefined

  private constructor(options: S3BlobStoreOptions) {
    const { location, logger, credentials, answerMs = defaultAnswerMs, partMs = defaultPartMs } = options
    this.#location = location
    this.#answerMs = answerMs
    this.#clients = makeS3Clients({ location, timeoutMs: partMs, ...(credentials && { credentials }) })
    this.#reader = new BlobReader({
      clients: this.#clients,
      bucket: location.bucket,
      send: request => this.#send(request),
      stalledMs: partMs,
    })
    this.#writes = new ConditionalWrites((name, abortSignal) => this.#reader.find(name, abortSignal), logger)
    this.#writer = new BlobWriter({
      client: this.#clients.client,
      location,
      writes: this.#writes,
      timeouts: { answerMs, partMs },
      logger,
    })
  }

  /**
   * A store that doesn't answer yet is opened anyway: it may start later than this service.
   *
   * @throws StoreMisconfigured if there is no such bucket, or the store refuses us
   */
  static async open(options: S3BlobStoreOptions): Promise<S3BlobStore> {
    const store = new S3BlobStore(options)
    try {
      await store.checkReady()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || error instanceof StoreMisconfigured) {
        await store.close()
        throw error
      }
      options.logger.error({ err: error }, `${error.message}; continuing, but not ready`)
    }
    const { client } = store.#clients
    store.#abandonedUploads = new AbandonedUploads({ ...options, client })
    return store
  }

  put(id: BlobId, content: Content, options: PutOptions, condition?: Condition): Promise<PutOutcome> {
    return this.#writer.put(this.#name(id), content, options, condition)
  }

  /** The copy has the bytes, the footer and the headers of the object. */
  async copy(from: BlobId, to: BlobId): Promise<StoredBlob | undefined> {
    const { bucket: Bucket } = this.#location
    const Key = this.#name(to)
    const CopySource = [Bucket, ...this.#name(from).split('/')].map(encodeURIComponent).join('/')
    return this.#send(abortSignal =>
      this.#writes.exclusive(Key, async () => {
        try {
          await this.#clients.client.send(new CopyObjectCommand({ Bucket, Key, CopySource }), { abortSignal })
        } catch (error) {
          if (hasErrorCode(error, 'NoSuchKey')) return undefined
          throw error
        }
        return (await this.#reader.find(Key, abortSignal))?.blob
      }),
    )
  }

  open(id: BlobId, options = { whole: true }): Promise<OpenBlob | undefined> {
    return this.#reader.open(this.#name(id), options)
  }

  /** S3 has no conditional delete: between comparing and deleting, another copy of the storage may write. */
  async delete(id: BlobId, condition?: Condition): Promise<boolean> {
    const Key = this.#name(id)
    const command = new DeleteObjectCommand({ Bucket: this.#location.bucket, Key })
    return this.#send(abortSignal =>
      this.#writes.exclusive(Key, async () => {
        if (condition && !condition(await this.#reader.find(Key, abortSignal))) return false
        await this.#clients.client.send(command, { abortSignal })
        return true
      }),
    )
  }

  async list(stage: Stage, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
    const folder = `${this.#location.prefix}${stageFolders[stage]}/`
    const command = new ListObjectsV2Command({
      Bucket: this.#location.bucket,
      Prefix: folder,
      MaxKeys: limit,
      ...(cursor !== undefined && { StartAfter: folder + cursor }),
    })
    const { Contents = [], IsTruncated } = await this.#send(abortSignal =>
      this.#clients.client.send(command, { abortSignal }),
    )
    const listing: BlobListing = { blobs: [] }
    for (const { Key = '', LastModified } of Contents) {
      const key = Key.slice(Key.lastIndexOf('/') + 1)
      // Objects with other names are not ours, and can't be opened by their key.
      const isOurs = blobKey.test(key) && Key === this.#name({ key, stage })
      if (isOurs && LastModified) listing.blobs.push({ key, modifiedAt: LastModified })
    }
    const last = Contents.at(-1)?.Key
    return IsTruncated && last !== undefined ? { ...listing, next: last.slice(folder.length) } : listing
  }

  async disk() {
    return undefined
  }

  /** Lists the bucket, because the response to a HEAD would not contain the reason of an error. */
  async checkReady(): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#location
    const command = new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 })
    await this.#send(abortSignal => this.#clients.client.send(command, { abortSignal }))
    this.#writer.checkReady()
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#abandonedUploads?.close()
    await this.#writer.close()
    this.#clients.client.destroy()
    this.#clients.reader.destroy()
  }

  async #send<Result>(request: (abortSignal: AbortSignal) => Promise<Result>): Promise<Result> {
    try {
      return await within(this.#answerMs, request)
    } catch (error) {
      throw asStoreError(error, this.#location)
    }
  }

  #name(id: BlobId): string {
    return this.#location.prefix + blobPath(id)
  }
}
