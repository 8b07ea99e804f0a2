import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { Logger } from '@darkroom/service-kit'
import { stageFolders } from './blob-path.ts'
import { isAnswer } from './s3-errors.ts'
import type { S3Place } from './s3-url.ts'

const hour = 3_600_000

export interface AbandonedUploadsOptions {
  client: S3Client
  place: S3Place
  /** Uploads that began longer ago are nobody's. Default: an hour; a request to the storage lasts 5 minutes at most. */
  abandonedMs?: number
  logger: Logger
}

/**
 * Ends multipart uploads that began long ago, at once and every hour: whoever sent them is gone, and their parts,
 * which nobody sees, would be kept and paid for.
 */
export class AbandonedUploads {
  readonly #client: S3Client
  readonly #place: S3Place
  readonly #abandonedMs: number
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #timer: NodeJS.Timeout
  #sweeping: Promise<void>

  constructor({ client, place, abandonedMs = hour, logger }: AbandonedUploadsOptions) {
    this.#client = client
    this.#place = place
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
      // Not of the whole prefix, which may be none: others can use the bucket, too.
      for (const folder of Object.values(stageFolders)) {
        const aborted = await this.#abortUnder(`${this.#place.prefix}${folder}/`)
        if (aborted > 0) this.#logger.info({ aborted }, 'removed the parts of uploads that were cut short')
      }
    } catch (error) {
      if (this.#closing.signal.aborted) return
      this.#logger.warn({ err: error }, 'could not look for uploads that were cut short')
    }
  }

  /** @returns how many */
  async #abortUnder(Prefix: string): Promise<number> {
    const { bucket: Bucket } = this.#place
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
      for (const { Key, UploadId, Initiated } of listing.Uploads ?? []) {
        if (Initiated === undefined || Initiated.getTime() > latest) continue
        try {
          await this.#client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }), options)
          aborted++
        } catch (error) {
          if (!isAnswer(error, 'NoSuchUpload')) throw error // another copy of the storage was quicker
        }
      }
      if (!listing.IsTruncated) return aborted
      page = listing
    }
  }
}
