import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3'
import { encodeDescription, encodeFooter, type Footer } from '../blob-footer.ts'
import type { PublishIf } from './conditional-writes.ts'
import { MultipartUpload, type UploadTimeouts } from './multipart-upload.ts'
import { PartMemory } from './part-memory.ts'

interface UploadedObject {
  Bucket: string
  Key: string
  ContentType?: string
}

/**
 * The upload of one object: in one request, or in parts if it is longer than a part. The object is invisible until it
 * is published.
 */
export class ObjectUpload {
  readonly #client: S3Client
  readonly #object: UploadedObject
  readonly #timeouts: UploadTimeouts
  #part = new PartMemory({ isFirst: true })
  /** Begins when the first part is full. */
  #multipart: MultipartUpload | undefined

  constructor(client: S3Client, object: UploadedObject, timeouts: UploadTimeouts) {
    this.#client = client
    this.#object = object
    this.#timeouts = timeouts
  }

  /** Copies the chunk, and sends each part that is full. */
  async add(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      taken += this.#part.take(chunk.subarray(taken))
      if (!this.#part.isFull) continue
      this.#multipart ??= await MultipartUpload.begin(this.#client, this.#object, this.#timeouts)
      await this.#multipart.add(this.#part)
      this.#part = new PartMemory({ isFirst: false })
    }
  }

  /** Appends the footer. Returns the last request, which makes the object visible, when all before it are done. */
  async end(footer: Footer): Promise<PublishIf> {
    this.#part.seal(encodeFooter(footer))
    const multipart = this.#multipart
    if (multipart) {
      await multipart.add(this.#part)
      await multipart.allSent()
      return (condition, abortSignal) => multipart.complete(condition, abortSignal)
    }
    const put = {
      ...this.#object,
      Body: this.#part.bytes,
      Metadata: { blob: encodeDescription(footer) },
    }
    return (condition, abortSignal) =>
      this.#client.send(new PutObjectCommand({ ...put, ...condition }), { abortSignal })
  }

  /**
   * Frees the memory. Call this only once the server has stored the object: a server that refuses may not have read all
   * of it, and then the socket still uses the memory.
   */
  release(): void {
    if (!this.#multipart) this.#part.release()
  }

  /** Removes the parts that were sent, if any. */
  async abort(): Promise<void> {
    await this.#multipart?.abort()
  }
}
