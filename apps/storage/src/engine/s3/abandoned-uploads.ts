import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListPartsCommand,
  type ListPartsCommandOutput,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Logger } from '@darkroom/service-kit'
import { stageFolders } from '../blob-path.ts'
import type { S3Location } from './address.ts'
import { hasErrorCode } from './errors.ts'

const hour = 3_600_000
const day = 24 * hour

interface AbandonedUploadsOptions {
  client: S3Client
  location: S3Location
  /**
   * An upload that received no part for this long is abandoned. Default: a day, which is about how long a part takes
   * at the lowest BODY_MIN_BYTES_PER_SECOND. A running upload gets parts, however long it lasts.
   */
  abandonedMs?: number
  logger: Logger
}

/**
 * Aborts abandoned multipart uploads, at once and every hour: otherwise their parts, which are in no listing of
 * objects, would be kept and paid for.
 */
export class AbandonedUploads {
  readonly #client: S3Client
  readonly #location: S3Location
  readonly #abandonedMs: number
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #timer: NodeJS.Timeout
  #sweeping: Promise<void>

  constructor({ client, location, abandonedMs = day, logger }: AbandonedUploadsOptions) {
    this.#client = client
    this.#location = location
    this.#abandonedMs = abandonedMs
    this.#logger = logger
    this.#sweeping = this.#sweep()
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweep()
    }, hour).unref()
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#closing.abort()
    await this.#sweeping
  }

  async #sweep(): Promise<void> {
    try {
      // Only our folders: the prefix may be empty, and other programs may use the bucket, too.
      for (const folder of Object.values(stageFolders)) {
        const aborted = await this.#abortUnder(`${this.#location.prefix}${folder}/`)
        if (aborted > 0) this.#logger.info({ aborted }, 'removed the parts of interrupted uploads')
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#logger.warn({ err: error }, 'could not list interrupted uploads')
    }
  }

  /** Returns how many uploads were aborted. */
  async #abortUnder(Prefix: string): Promise<number> {
    const { bucket: Bucket } = this.#location
    const options = { abortSignal: this.#closing.signal }
    const latest = Date.now() - this.#abandonedMs
    let aborted = 0
    let page: Pick<ListMultipartUploadsCommandOutput, 'NextKeyMarker' | 'NextUploadIdMarker'> = {}
    for (;;) {
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page
      const listing: ListMultipartUploadsCommandOutput = await this.#client.send(
        new ListMultipartUploadsCommand({ Bucket, Prefix, KeyMarker, UploadIdMarker }),
        options,
      )
      for (const upload of listing.Uploads ?? []) if (await this.#abortUnlessUsed(upload, latest)) aborted++
      if (!listing.IsTruncated) return aborted
      page = listing
    }
  }

  /** Returns false if the upload got a part after `latest`, or no longer exists. */
  async #abortUnlessUsed({ Key, UploadId, Initiated }: MultipartUpload, latest: number): Promise<boolean> {
    if (Initiated === undefined || Initiated.getTime() > latest) return false
    const { bucket: Bucket } = this.#location
    try {
      if ((await this.#lastPartAt({ Key, UploadId })) > latest) return false
      const command = new AbortMultipartUploadCommand({ Bucket, Key, UploadId })
      await this.#client.send(command, { abortSignal: this.#closing.signal })
      return true
    } catch (error) {
      if (hasErrorCode(error, 'NoSuchUpload')) return false // another copy of the storage did it first
      throw error
    }
  }

  /** When an upload got its last part, in milliseconds since 1970; without parts, a time long ago. */
  async #lastPartAt(upload: { Key: string | undefined; UploadId: string | undefined }): Promise<number> {
    const { bucket: Bucket } = this.#location
    const options = { abortSignal: this.#closing.signal }
    let lastPartAt = Number.NEGATIVE_INFINITY
    let page: ListPartsCommandOutput | undefined
    do {
      const PartNumberMarker = page?.NextPartNumberMarker
      page = await this.#client.send(new ListPartsCommand({ Bucket, ...upload, PartNumberMarker }), options)
      for (const { LastModified } of page.Parts ?? [])
        lastPartAt = Math.max(lastPartAt, LastModified?.getTime() ?? lastPartAt)
    } while (page.IsTruncated)
    return lastPartAt
  }
}
