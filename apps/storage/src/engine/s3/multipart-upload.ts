import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { within } from './deadline.ts'
import type { PartMemory } from './part-memory.ts'

/** Parts sent at once; with the part that is being filled, an upload uses the memory of three. */
const partsUnderWay = 2

export interface WriteCondition {
  IfMatch?: string
  IfNoneMatch?: string
}

interface UploadTarget {
  Bucket: string
  Key: string
  UploadId: string
}

/** How long the server may take for a request, with all attempts, in milliseconds. */
export interface UploadTimeouts {
  answerMs: number
  partMs: number
}

/** An object made of parts. It is invisible until it is completed. It must be completed or aborted. */
export class MultipartUpload {
  readonly #client: S3Client
  readonly #target: UploadTarget
  readonly #timeouts: UploadTimeouts
  readonly #etags: string[] = []
  readonly #underWay = new Set<Promise<void>>()
  readonly #abortion = new AbortController()
  #count = 0
  #failure: { error: unknown } | undefined

  private constructor(client: S3Client, target: UploadTarget, timeouts: UploadTimeouts) {
    this.#client = client
    this.#target = target
    this.#timeouts = timeouts
  }

  static async begin(
    client: S3Client,
    object: { Bucket: string; Key: string; ContentType?: string },
    timeouts: UploadTimeouts,
  ): Promise<MultipartUpload> {
    const { UploadId } = await within(timeouts.answerMs, abortSignal =>
      client.send(new CreateMultipartUploadCommand(object), { abortSignal }),
    )
    if (UploadId === undefined) throw new Error('the object store started an upload without an id')
    return new MultipartUpload(client, { Bucket: object.Bucket, Key: object.Key, UploadId }, timeouts)
  }

  /** Sends the next part and takes over its memory; waits while enough parts are in flight. @throws the error of a part */
  async add(part: PartMemory): Promise<void> {
    while (this.#underWay.size >= partsUnderWay) await Promise.race(this.#underWay)
    this.#throwFailure()
    const sending = this.#send(part, this.#count++)
      .catch(error => {
        this.#failure ??= { error }
      })
      .then(() => {
        this.#underWay.delete(sending)
      })
    this.#underWay.add(sending)
  }

  async allSent(): Promise<void> {
    await Promise.all(this.#underWay)
    this.#throwFailure()
  }

  async complete(condition: WriteCondition, abortSignal: AbortSignal): Promise<void> {
    const Parts = this.#etags.map((ETag, index) => ({ PartNumber: index + 1, ETag }))
    const command = { ...this.#target, ...condition, MultipartUpload: { Parts } }
    await this.#client.send(new CompleteMultipartUploadCommand(command), { abortSignal })
  }

  /** Parts that arrive after the abort would stay, so the requests in flight end first. */
  async abort(): Promise<void> {
    this.#abortion.abort()
    await Promise.all(this.#underWay)
    await within(this.#timeouts.answerMs, abortSignal =>
      this.#client.send(new AbortMultipartUploadCommand(this.#target), { abortSignal }),
    )
  }

  async #send(part: PartMemory, index: number): Promise<void> {
    // The signature covers the SHA-256 of the part: damaged parts are refused.
    const command = new UploadPartCommand({ ...this.#target, PartNumber: index + 1, Body: part.bytes })
    const { ETag } = await within(this.#timeouts.partMs, late =>
      this.#client.send(command, { abortSignal: AbortSignal.any([late, this.#abortion.signal]) }),
    )
    part.release()
    this.#etags[index] = ETag ?? ''
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error
  }
}
