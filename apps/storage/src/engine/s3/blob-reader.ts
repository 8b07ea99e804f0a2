import { Readable } from 'node:stream'
import { GetObjectCommand, type GetObjectCommandOutput, type S3Client } from '@aws-sdk/client-s3'
import { StoreUnavailable } from '@darkroom/service-kit'
import { decodeDescription, decodeFooter, maxFooterBytes } from '../blob-footer.ts'
import type { OpenBlob } from '../engine.ts'
import type { S3Clients } from './clients.ts'
import type { Found } from './conditional-writes.ts'
import { hasErrorCode } from './errors.ts'
import { receivedBody } from './received-body.ts'

/** How often to retry opening a blob that is replaced between two requests. */
const maxRounds = 5

/** Sends requests to an object store, with a timeout, and converts errors to those of the engine. */
export type Send = <Result>(request: (abortSignal: AbortSignal) => Promise<Result>) => Promise<Result>

interface BlobReaderOptions {
  clients: S3Clients
  bucket: string
  send: Send
  /** How long a body may pause while its reader waits for more. */
  stalledMs: number
}

/** Opens and reads the blobs of a bucket. */
export class BlobReader {
  readonly #clients: S3Clients
  readonly #bucket: string
  readonly #send: Send
  readonly #stalledMs: number

  constructor({ clients, bucket, send, stalledMs }: BlobReaderOptions) {
    this.#clients = clients
    this.#bucket = bucket
    this.#send = send
    this.#stalledMs = stalledMs
  }

  /** @throws StoreUnavailable */
  open(name: string, { whole }: { whole: boolean }): Promise<OpenBlob | undefined> {
    return this.#send(async abortSignal => {
      for (let round = 0; round < maxRounds; round++) {
        const body = whole ? await this.#get(this.#clients.reader, name, abortSignal) : undefined
        if (whole && !body) return undefined
        try {
          const found = (body && describedInHeaders(body)) ?? (await this.find(name, abortSignal))
          if (found && (!body || found.etag === body.ETag)) return this.#opened(name, found, body)
          discard(body)
          if (!found) return undefined
        } catch (error) {
          discard(body)
          throw error
        }
      }
      throw new StoreUnavailable(`${name} was replaced again and again while it was being opened`)
    })
  }

  /** Reads the facts of the stored object, from its end. Errors are those of the client. */
  async find(name: string, abortSignal: AbortSignal): Promise<Found | undefined> {
    const range = { Range: `bytes=-${maxFooterBytes}` }
    const end = await this.#get(this.#clients.client, name, abortSignal, range)
    if (!end) return undefined
    const bytes = Buffer.from((await end.Body?.transformToByteArray()) ?? [])
    const storedBytes = Number(end.ContentRange?.split('/')[1] ?? bytes.length)
    return { ...decodeFooter(bytes, storedBytes), ...stamps(end) }
  }

  #opened(name: string, found: Found, body: GetObjectCommandOutput | undefined): OpenBlob {
    const { bytes } = found.blob
    const held = body?.Body as Readable | undefined
    return {
      blob: found.blob,
      modifiedAt: found.modifiedAt,
      read: ({ start, end }) => {
        if (held && start === 0 && end === bytes - 1) return receivedBody(held, bytes, this.#stalledMs)
        held?.destroy()
        return Readable.from(this.#readPart(name, found.etag, start, end), { objectMode: false })
      },
      [Symbol.asyncDispose]: async () => {
        held?.destroy()
      },
    }
  }

  async *#readPart(name: string, etag: string, start: number, end: number): AsyncGenerator<Uint8Array> {
    const range = { Range: `bytes=${start}-${end}`, IfMatch: etag }
    const part = await this.#send(abortSignal => this.#get(this.#clients.reader, name, abortSignal, range))
    if (!part) throw new StoreUnavailable(`${name} was replaced or deleted before it was read`)
    yield* receivedBody(part.Body as Readable, end - start + 1, this.#stalledMs)
  }

  /** Undefined if there is no such object, or it has another ETag. */
  async #get(
    client: S3Client,
    name: string,
    abortSignal: AbortSignal,
    options: { Range?: string; IfMatch?: string } = {},
  ): Promise<GetObjectCommandOutput | undefined> {
    try {
      const command = new GetObjectCommand({ Bucket: this.#bucket, Key: name, ...options })
      return await client.send(command, { abortSignal })
    } catch (error) {
      if (hasErrorCode(error, 'NoSuchKey', 'PreconditionFailed')) return undefined
      throw error
    }
  }
}

function describedInHeaders(object: GetObjectCommandOutput): Found | undefined {
  const json = object.Metadata?.blob
  return json === undefined ? undefined : { ...decodeDescription(json), ...stamps(object) }
}

function stamps({ ETag, LastModified }: GetObjectCommandOutput): { etag: string; modifiedAt: Date } {
  if (ETag === undefined || LastModified === undefined)
    throw new Error('the object store sent no ETag or no Last-Modified')
  return { etag: ETag, modifiedAt: LastModified }
}

function discard(object: GetObjectCommandOutput | undefined): void {
  const body = object?.Body
  if (body instanceof Readable) body.destroy()
}
