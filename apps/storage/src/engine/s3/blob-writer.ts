import { createHash, randomUUID } from 'node:crypto'
import type { S3Client } from '@aws-sdk/client-s3'
import { GivenStream, imageIdIn, type Logger, StoreFull, StoreUnavailable } from '@darkroom/service-kit'
import type { Condition, Content, PutOptions, PutOutcome } from '../engine.ts'
import type { S3Location } from './address.ts'
import type { ConditionalWrites } from './conditional-writes.ts'
import { DeadlineExceeded, within } from './deadline.ts'
import { asStoreError, hasErrorCode } from './errors.ts'
import type { UploadTimeouts } from './multipart-upload.ts'
import { ObjectUpload } from './object-upload.ts'

/** After a refused write, the store is not ready for this long, unless a write succeeds. */
const refusalMs = 30_000

interface BlobWriterOptions {
  client: S3Client
  location: S3Location
  writes: ConditionalWrites
  timeouts: UploadTimeouts
  logger: Logger
}

/** Writes the blobs of a bucket, and removes what failed writes leave. */
export class BlobWriter {
  readonly #client: S3Client
  readonly #location: S3Location
  readonly #writes: ConditionalWrites
  readonly #timeouts: UploadTimeouts
  readonly #logger: Logger
  readonly #underWay = new Set<Promise<unknown>>()
  #refusal: { failure: Error; until: number } | undefined

  constructor({ client, location, writes, timeouts, logger }: BlobWriterOptions) {
    this.#client = client
    this.#location = location
    this.#writes = writes
    this.#timeouts = timeouts
    this.#logger = logger
  }

  /** @throws StoreFull; StoreUnavailable; the error of the content */
  async put(
    name: string,
    content: Content,
    options: PutOptions,
    condition: Condition | undefined,
  ): Promise<PutOutcome> {
    const given = new GivenStream(content instanceof Uint8Array ? [content] : content)
    try {
      const outcome = await this.#track(this.#put(name, given, options, condition))
      this.#refusal = undefined
      return outcome
    } catch (error) {
      if (error === given.failure) throw error
      const failure = asStoreError(error, this.#location)
      if (failure instanceof StoreFull || failure instanceof StoreUnavailable)
        this.#refusal = { failure, until: performance.now() + refusalMs }
      throw failure
    }
  }

  /** Throws the error of the last write for a while: a bucket that is full, or read-only, can still be listed. */
  checkReady(): void {
    if (this.#refusal && performance.now() < this.#refusal.until) throw this.#refusal.failure
  }

  /** Waits for running writes. */
  async close(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.allSettled(this.#underWay)
  }

  async #put(
    name: string,
    content: AsyncIterable<Uint8Array>,
    options: PutOptions,
    condition: Condition | undefined,
  ): Promise<PutOutcome> {
    const object = { Bucket: this.#location.bucket, Key: name, ...typeHeader(options.contentType) }
    const upload = new ObjectUpload(this.#client, object, this.#timeouts)
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
      if (hasErrorCode(error, 'NoSuchUpload')) return
      this.#logger.warn(
        { ...imageIdIn(name), err: error, name },
        'could not remove the parts of an upload; they will be removed later',
      )
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
}

/** For people who inspect the bucket; the service itself uses the footer. */
function typeHeader(contentType: string): { ContentType?: string } {
  return /^[\x20-\x7e]+$/.test(contentType) ? { ContentType: contentType } : {}
}
