import { createHash, randomUUID } from 'node:crypto'
import { CopyObjectCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import type { Stage, StoredBlob } from '@darkroom/contracts'
import {
  imageIdIn,
  type Logger,
  StoreFull,
  StoreMisconfigured,
  StoreUnavailable,
} from '@darkroom/service-kit'
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
import { S3Blobs } from './blobs.ts'
import { makeS3Clients, type S3ClientOptions, type S3Clients } from './clients.ts'
import { ConditionalWrites } from './conditional-writes.ts'
import { DeadlineExceeded, within } from './deadline.ts'
import { asStoreError, isAnswer } from './errors.ts'
import { GivenContent } from './given-content.ts'
import type { UploadTimeouts } from './multipart-upload.ts'
import { ObjectUpload } from './object-upload.ts'

export interface S3BlobStoreOptions
  extends Pick<S3ClientOptions, 'location' | 'credentials'>,
    Partial<UploadTimeouts> {
  logger: Logger
  /** Multipart uploads that received no part for this long count as abandoned. */
  abandonedMs?: number
}

/** Callers wait 10 s for an answer, so they get the error in time. */
const defaultAnswerMs = 8000
/** Enough for 8 MiB at 300 kB/s. */
const defaultPartMs = 30_000

/** After a refused write, the store is not ready for this long, unless a write succeeds. */
const refusalMs = 30_000

/**
 * Blobs as objects, `<prefix>inProgress/<shard>/<key>` and `<prefix>finished/<shard>/<key>`: the same names and
 * contents as in the file store, so that its folder can be copied to a bucket unchanged.
 *
 *     up to 8 MiB   one PutObject                                      bytes | footer
 *     longer        CreateMultipartUpload, UploadPart ..., Complete    bytes ... | footer
 *
 * The digest is known after the last byte, when headers can't be sent any more; so it is in the footer. A small object
 * also has it in a header, which saves a request when it is read.
 *
 * A write depends on the object whose fencing token was compared: its last request has If-Match or If-None-Match, and
 * is refused if another write came first. As each footer names its write, no two objects have the same ETag, not even
 * with the same bytes. README.md explains the limits of servers without such conditions.
 */
export class S3BlobStore implements BlobStore {
  readonly #clients: S3Clients
  readonly #location: S3Location
  readonly #logger: Logger
  readonly #timeouts: UploadTimeouts
  readonly #blobs: S3Blobs
  readonly #writes: ConditionalWrites
  readonly #underWay = new Set<Promise<unknown>>()
  #abandonedUploads: AbandonedUploads | undefined
  /** The last write was refused. A bucket that is full, or read-only, can still be listed. */
  #refusal: { failure: Error; until: number } | undefined
  #closed: Promise<void> | undefined

  private constructor(options: S3BlobStoreOptions) {
    const { location, logger, credentials, answerMs = defaultAnswerMs, partMs = defaultPartMs } = options
    this.#location = location
    this.#logger = logger
    this.#timeouts = { answerMs, partMs }
    this.#clients = makeS3Clients({ location, timeoutMs: partMs, ...(credentials && { credentials }) })
    this.#blobs = new S3Blobs({
      clients: this.#clients,
      bucket: location.bucket,
      send: request => this.#send(request),
      stalledMs: partMs,
    })
    this.#writes = new ConditionalWrites((name, abortSignal) => this.#blobs.find(name, abortSignal), logger)
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

  async put(id: BlobId, content: Content, options: PutOptions, condition?: Condition): Promise<PutOutcome> {
    const given = new GivenContent(content)
    try {
      const outcome = await this.#track(this.#put(this.#name(id), given, options, condition))
      this.#refusal = undefined
      return outcome
    } catch (error) {
      if (given.threw(error)) throw error
      const failure = asStoreError(error, this.#location)
      if (failure instanceof StoreFull || failure instanceof StoreUnavailable)
        this.#refusal = { failure, until: performance.now() + refusalMs }
      throw failure
    }
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
          if (isAnswer(error, 'NoSuchKey')) return undefined
          throw error
        }
        return (await this.#blobs.find(Key, abortSignal))?.blob
      }),
    )
  }

  open(id: BlobId, options = { whole: true }): Promise<OpenBlob | undefined> {
    return this.#blobs.open(this.#name(id), options)
  }

  /** S3 has no conditional delete: between comparing and deleting, another copy of the storage may write. */
  async delete(id: BlobId, condition?: Condition): Promise<boolean> {
    const Key = this.#name(id)
    const command = new DeleteObjectCommand({ Bucket: this.#location.bucket, Key })
    return this.#send(abortSignal =>
      this.#writes.exclusive(Key, async () => {
        if (condition && !condition(await this.#blobs.find(Key, abortSignal))) return false
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

  /** Lists the bucket, because the answer to a HEAD would not contain the reason of an error. */
  async checkReady(): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#location
    const command = new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 })
    await this.#send(abortSignal => this.#clients.client.send(command, { abortSignal }))
    if (this.#refusal && performance.now() < this.#refusal.until) throw this.#refusal.failure
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.#abandonedUploads?.close()
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
    this.#clients.client.destroy()
    this.#clients.reader.destroy()
  }

  async #put(
    name: string,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
    condition: Condition | undefined,
  ): Promise<PutOutcome> {
    const object = { Bucket: this.#location.bucket, Key: name, ...typeHeader(options.contentType) }
    const upload = new ObjectUpload(this.#clients.client, object, this.#timeouts)
    try {
      const digest = createHash('sha256')
      let bytes = 0
      for await (const chunk of content) {
        digest.update(chunk)
        bytes += chunk.length
        await upload.add(chunk)
      }
      const footer = { blob: { bytes, sha256: digest.digest('hex'), ...options }, write: randomUUID() }
      const publishIf = await upload.end(footer)
      const outcome = await within(this.#timeouts.answerMs, abortSignal =>
        this.#writes.publish({ name, footer, publishIf, condition }, abortSignal),
      )
      if (outcome.kind === 'stored') upload.release()
      else await this.#abort(upload, name)
      return outcome
    } catch (error) {
      const aborted = this.#track(this.#abort(upload, name))
      // A server that doesn't answer would take as long again, and the caller doesn't wait that long.
      if (!(error instanceof DeadlineExceeded)) await aborted
      throw error
    }
  }

  async #abort(upload: ObjectUpload, name: string): Promise<void> {
    try {
      await upload.abort()
    } catch (error) {
      if (isAnswer(error, 'NoSuchUpload')) return
      this.#logger.warn(
        { ...imageIdIn(name), err: error, name },
        'could not remove the parts of an upload; they will be removed later',
      )
    }
  }

  async #send<Answer>(request: (abortSignal: AbortSignal) => Promise<Answer>): Promise<Answer> {
    try {
      return await within(this.#timeouts.answerMs, request)
    } catch (error) {
      throw asStoreError(error, this.#location)
    }
  }

  /** Makes closing wait for this work. */
  async #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#underWay.add(work)
    try {
      return await work
    } finally {
      this.#underWay.delete(work)
    }
  }

  #name(id: BlobId): string {
    return this.#location.prefix + blobPath(id)
  }
}

/** For people who look into the bucket; the service itself uses the footer. */
function typeHeader(contentType: string): { ContentType?: string } {
  return /^[\x20-\x7e]+$/.test(contentType) ? { ContentType: contentType } : {}
}
