import { createHash, randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Stage, StoredBlob } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'
import { abortAbandonedUploads } from './abandoned-uploads.ts'
import {
  decodeDescription,
  decodeFooter,
  encodeDescription,
  encodeFooter,
  maxFooterBytes,
} from './blob-footer.ts'
import { blobKey, blobPath, stageFolders } from './blob-path.ts'
import { ConditionalWrites, type Found } from './conditional-writes.ts'
import {
  type BlobId,
  type BlobListing,
  type BlobStore,
  type OpenBlob,
  type PutOptions,
  type PutOutcome,
  StoreMisconfigured,
  StoreUnavailable,
} from './engine.ts'
import { GivenContent } from './given-content.ts'
import { MultipartUpload } from './multipart-upload.ts'
import { PartMemory } from './part-memory.ts'
import { receivedBody } from './received-body.ts'
import { makeS3Clients, type S3ClientOptions } from './s3-clients.ts'
import { asStoreError, isAnswer } from './s3-errors.ts'
import type { S3Place } from './s3-url.ts'

const hour = 3_600_000
/** How often a blob is opened that others keep replacing between two requests. */
const maxRounds = 5

export interface S3BlobStoreOptions extends Pick<S3ClientOptions, 'place' | 'credentials'> {
  logger: Logger
  /** Multipart uploads that began longer ago are nobody's. */
  abandonedMs?: number
  timeoutMs?: number
}

/**
 * Blobs as objects, `<prefix>inProgress/<shard>/<key>` and `<prefix>finished/<shard>/<key>`: the names and the
 * contents that the file store has, so that a folder of it can be copied to a bucket as it is.
 *
 *     up to 8 MiB   one PutObject                                      bytes | footer
 *     longer        CreateMultipartUpload, UploadPart ..., Complete    bytes ... | footer
 *
 * The digest is known when the last byte has gone by, when headers can't be sent any more: the footer holds it. A
 * small object has it in a header as well, which saves a request when it is read.
 *
 * A write is conditional on what stood there when its fencing token was compared: the last request of it says
 * If-Match or If-None-Match, and is refused when somebody else was quicker. As each footer names its write, no two
 * objects ever have the same ETag, not even with the same bytes. README.md says what servers without such
 * conditions leave open.
 */
export class S3BlobStore implements BlobStore {
  readonly #client: S3Client
  /** For bodies that are read as slowly as somebody likes: no time limit. */
  readonly #reader: S3Client
  readonly #place: S3Place
  readonly #logger: Logger
  readonly #timeoutMs: number
  readonly #writes: ConditionalWrites
  readonly #puts = new Set<Promise<unknown>>()
  readonly #closing = new AbortController()
  #sweeping: Promise<void> | undefined
  #sweeper: NodeJS.Timeout | undefined
  #closed: Promise<void> | undefined

  private constructor({ place, logger, credentials, timeoutMs = 30_000 }: S3BlobStoreOptions) {
    this.#place = place
    this.#logger = logger
    this.#timeoutMs = timeoutMs
    const clients = makeS3Clients({ place, timeoutMs, ...(credentials && { credentials }) })
    this.#client = clients.client
    this.#reader = clients.reader
    this.#writes = new ConditionalWrites(name => this.#find(name), logger)
  }

  /**
   * A store that doesn't answer yet is opened all the same: it may start later than we do.
   *
   * @throws StoreMisconfigured when there is no such bucket, or it refuses us
   */
  static async open(options: S3BlobStoreOptions): Promise<S3BlobStore> {
    const store = new S3BlobStore(options)
    try {
      await store.check()
    } catch (error) {
      if (!(error instanceof StoreUnavailable) || error instanceof StoreMisconfigured) {
        await store.close()
        throw error
      }
      options.logger.error({ err: error }, `${error.message}; going on, not ready`)
    }
    store.#sweepFromTimeToTime(options.abandonedMs ?? hour)
    return store
  }

  async put(id: BlobId, content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutOutcome> {
    const given = new GivenContent(content)
    const put = this.#put(this.#name(id), given, options)
    this.#puts.add(put)
    try {
      return await put
    } catch (error) {
      throw given.threw(error) ? error : asStoreError(error, this.#place)
    } finally {
      this.#puts.delete(put)
    }
  }

  async open(id: BlobId, { whole } = { whole: true }): Promise<OpenBlob | undefined> {
    const name = this.#name(id)
    return this.#ask(async () => {
      for (let round = 0; round < maxRounds; round++) {
        const body = whole ? await this.#get(this.#reader, name) : undefined
        if (whole && !body) return undefined
        try {
          const found = (body && describedInHeaders(body)) ?? (await this.#find(name))
          if (found && (!body || found.etag === body.ETag)) return this.#opened(name, found, body)
          discard(body)
          if (!found) return undefined
        } catch (error) {
          discard(body)
          throw error
        }
      }
      throw new StoreUnavailable(`${name} is being replaced all the time`)
    })
  }

  async delete(id: BlobId): Promise<void> {
    const Key = this.#name(id)
    const { bucket: Bucket } = this.#place
    await this.#ask(() =>
      this.#writes.inTurn(Key, () => this.#client.send(new DeleteObjectCommand({ Bucket, Key }))),
    )
  }

  async list(stage: Stage, { limit, cursor }: { limit: number; cursor?: string | undefined }) {
    const folder = `${this.#place.prefix}${stageFolders[stage]}/`
    const { Contents = [], IsTruncated } = await this.#ask(() =>
      this.#client.send(
        new ListObjectsV2Command({
          Bucket: this.#place.bucket,
          Prefix: folder,
          MaxKeys: limit,
          ...(cursor !== undefined && { StartAfter: folder + cursor }),
        }),
      ),
    )
    const listing: BlobListing = { blobs: [] }
    for (const { Key = '', LastModified } of Contents) {
      const [, key = ''] = Key.slice(folder.length).split('/')
      if (blobKey.test(key) && LastModified) listing.blobs.push({ key, modifiedAt: LastModified })
    }
    const last = Contents.at(-1)?.Key
    return IsTruncated && last !== undefined ? { ...listing, next: last.slice(folder.length) } : listing
  }

  /** Lists, as an answer to HEAD would not say what is wrong. */
  async check(): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#place
    await this.#ask(() => this.#client.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 })))
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    clearInterval(this.#sweeper)
    this.#closing.abort()
    await this.#sweeping
    await Promise.allSettled(this.#puts)
    this.#client.destroy()
    this.#reader.destroy()
  }

  async #put(name: string, content: AsyncIterable<Uint8Array>, options: PutOptions): Promise<PutOutcome> {
    const object = { Bucket: this.#place.bucket, Key: name, ...typeHeader(options.contentType) }
    const hash = createHash('sha256')
    let bytes = 0
    let part = new PartMemory({ isFirst: true })
    let upload: MultipartUpload | undefined
    try {
      for await (const chunk of content) {
        hash.update(chunk)
        bytes += chunk.length
        for (let taken = 0; taken < chunk.length; ) {
          taken += part.take(chunk.subarray(taken))
          if (!part.isFull) continue
          upload ??= await MultipartUpload.begin(this.#client, object)
          await upload.add(part)
          part = new PartMemory({ isFirst: false })
        }
      }
      const blob: StoredBlob = { bytes, sha256: hash.digest('hex'), ...options }
      const footer = { blob, write: randomUUID() }
      part.seal(encodeFooter(footer))
      if (!upload) {
        const put = { ...object, Body: part.bytes, Metadata: { blob: encodeDescription(footer) } }
        const outcome = await this.#writes.publish(name, footer, condition =>
          this.#client.send(new PutObjectCommand({ ...put, ...condition })),
        )
        part.release()
        return outcome
      }
      const complete = upload
      await complete.add(part)
      await complete.allSent()
      const outcome = await this.#writes.publish(name, footer, condition => complete.complete(condition))
      if (outcome.kind === 'fenced') await this.#abort(upload, name)
      return outcome
    } catch (error) {
      if (upload) await this.#abort(upload, name)
      throw error
    }
  }

  #opened(name: string, found: Found, body: GetObjectCommandOutput | undefined): OpenBlob {
    const { bytes } = found.blob
    const held = body?.Body as Readable | undefined
    return {
      blob: found.blob,
      modifiedAt: found.modifiedAt,
      read: ({ start, end }) => {
        if (held && start === 0 && end === bytes - 1) return receivedBody(held, bytes, this.#timeoutMs)
        held?.destroy()
        return Readable.from(this.#readPart(name, found.etag, start, end), { objectMode: false })
      },
      [Symbol.asyncDispose]: async () => {
        held?.destroy()
      },
    }
  }

  async *#readPart(name: string, etag: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    const part = await this.#ask(() =>
      this.#get(this.#reader, name, { Range: `bytes=${start}-${end}`, IfMatch: etag }),
    )
    if (!part) throw new StoreUnavailable(`${name} was replaced or deleted before it was read`)
    yield* receivedBody(part.Body as Readable, end - start + 1, this.#timeoutMs)
  }

  /** What is known of what stands there, by the end of it. */
  async #find(name: string): Promise<Found | undefined> {
    const end = await this.#get(this.#client, name, { Range: `bytes=-${maxFooterBytes}` })
    if (!end) return undefined
    const bytes = Buffer.from((await end.Body?.transformToByteArray()) ?? [])
    const storedBytes = Number(end.ContentRange?.split('/')[1] ?? bytes.length)
    return { ...decodeFooter(bytes, storedBytes), ...stamps(end) }
  }

  /** Undefined when there is no such object, or none with that ETag. */
  async #get(client: S3Client, name: string, options: { Range?: string; IfMatch?: string } = {}) {
    try {
      const Bucket = this.#place.bucket
      return await client.send(new GetObjectCommand({ Bucket, Key: name, ...options }))
    } catch (error) {
      if (isAnswer(error, 'NoSuchKey', 'PreconditionFailed')) return undefined
      throw error
    }
  }

  async #abort(upload: MultipartUpload, name: string): Promise<void> {
    try {
      await upload.abort()
    } catch (error) {
      if (isAnswer(error, 'NoSuchUpload')) return
      this.#logger.warn({ err: error, name }, 'parts of an upload are left; they are removed later')
    }
  }

  #sweepFromTimeToTime(abandonedMs: number): void {
    const { bucket: Bucket, prefix } = this.#place
    const { signal } = this.#closing
    const sweep = async () => {
      try {
        // Not of the whole prefix, which may be none: others can use the bucket, too.
        for (const folder of Object.values(stageFolders)) {
          const uploads = { Bucket, Prefix: `${prefix}${folder}/`, abandonedMs }
          const aborted = await abortAbandonedUploads(this.#client, uploads, signal)
          if (aborted > 0) this.#logger.info({ aborted }, 'removed the parts of uploads that were cut short')
        }
      } catch (error) {
        if (!signal.aborted)
          this.#logger.warn({ err: error }, 'could not look for uploads that were cut short')
      }
    }
    this.#sweeping = sweep()
    this.#sweeper = setInterval(() => {
      this.#sweeping = sweep()
    }, hour).unref()
  }

  async #ask<Answer>(request: () => Promise<Answer>): Promise<Answer> {
    try {
      return await request()
    } catch (error) {
      throw asStoreError(error, this.#place)
    }
  }

  #name(id: BlobId): string {
    return this.#place.prefix + blobPath(id)
  }
}

function describedInHeaders(object: GetObjectCommandOutput): Found | undefined {
  const json = object.Metadata?.blob
  return json === undefined ? undefined : { ...decodeDescription(json), ...stamps(object) }
}

function stamps({ ETag, LastModified }: GetObjectCommandOutput): { etag: string; modifiedAt: Date } {
  if (ETag === undefined || LastModified === undefined) throw new Error('the object store left out the ETag')
  return { etag: ETag, modifiedAt: LastModified }
}

/** For those who look into the bucket; the service goes by the footer. */
function typeHeader(contentType: string): { ContentType?: string } {
  return /^[\x20-\x7e]+$/.test(contentType) ? { ContentType: contentType } : {}
}

function discard(object: GetObjectCommandOutput | undefined): void {
  const body = object?.Body
  if (body instanceof Readable) body.destroy()
}
