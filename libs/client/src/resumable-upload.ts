import { base64, type Connection } from './connection.ts'
import { DarkroomError } from './darkroom-error.ts'
import type { Piece } from './pieces.ts'
import { requestOf, type UploadOptions } from './upload-options.ts'

interface Pieces {
  pieces: AsyncIterable<Piece>
  /** Undefined for a stream: then its length is sent with the last piece. */
  totalBytes: number | undefined
}

/** An interrupted program must not wait long for this deletion. */
const deleteTimeoutMs = 5000
const tus = { 'tus-resumable': '1.0.0' }

/** Sends a resumable upload (tus 1.0), whose id becomes the id of the image. */
export async function uploadInPieces(
  connection: Connection,
  { pieces, totalBytes }: Pieces,
  given: UploadOptions,
): Promise<string> {
  const id = await createUpload(connection, totalBytes, given)
  const path = `/uploads/${id}`
  try {
    await new ResumableUpload(connection, path, totalBytes, given).send(pieces)
    return id
  } catch (error) {
    // No later call continues this upload. If it can't be deleted now, it expires. Darkroom itself deletes an upload that it
    // refuses.
    const isRefused = error instanceof DarkroomError && !error.isTemporary
    const signal = AbortSignal.timeout(deleteTimeoutMs)
    if (!isRefused)
      connection.request(path, { method: 'DELETE', headers: tus, once: true, signal }).catch(() => undefined)
    throw error
  }
}

/** Returns the id of the new upload. */
async function createUpload(
  connection: Connection,
  totalBytes: number | undefined,
  given: UploadOptions,
): Promise<string> {
  const metadata = Object.entries(given.options).map(([name, text]) => `${name} ${base64(text)}`)
  const created = await connection.request('/uploads', {
    ...requestOf(given),
    headers: {
      ...tus,
      ...(totalBytes === undefined
        ? { 'upload-defer-length': '1' }
        : { 'upload-length': String(totalBytes) }),
      ...(metadata.length > 0 && { 'upload-metadata': metadata.join(',') }),
    },
  })
  const id = created.headers.get('location')?.split('/').pop()
  if (id) return id
  throw DarkroomError.foreign(created)
}

/** An upload that exists in Darkroom, and how far it has come. */
class ResumableUpload {
  readonly #connection: Connection
  readonly #path: string
  readonly #totalBytes: number | undefined
  readonly #given: UploadOptions
  #offset = 0

  constructor(connection: Connection, path: string, totalBytes: number | undefined, given: UploadOptions) {
    this.#connection = connection
    this.#path = path
    this.#totalBytes = totalBytes
    this.#given = given
  }

  async send(pieces: AsyncIterable<Piece>): Promise<void> {
    this.#report()
    for await (const piece of pieces) await this.#sendPiece(piece)
  }

  /** Sends a piece; after an interruption, continues where Darkroom has stopped receiving it. */
  async #sendPiece({ bytes, isLast }: Piece): Promise<void> {
    const begin = this.#offset
    const end = begin + bytes.size
    const length = isLast && this.#totalBytes === undefined ? { 'upload-length': String(end) } : {}
    let retries = this.#connection.retries()
    do {
      const before = this.#offset
      try {
        this.#offset = await this.#append(bytes.slice(before - begin), length)
      } catch (error) {
        this.#given.signal?.throwIfAborted()
        const mayContinue = error instanceof DarkroomError && (error.isTemporary || error.status === 409)
        if (!mayContinue) throw error
        await retries.wait(error, requestOf(this.#given))
        this.#offset = Math.max(begin, await this.#readOffset())
      }
      // An upload may take any time while bytes arrive.
      if (this.#offset > before) retries = this.#connection.retries()
      this.#report()
    } while (this.#offset < end)
  }

  /** Returns the new offset. */
  async #append(body: Blob, length: Record<string, string>): Promise<number> {
    const { headers } = await this.#connection.request(this.#path, {
      ...requestOf(this.#given),
      once: true,
      method: 'PATCH',
      headers: {
        ...tus,
        ...length,
        'content-type': 'application/offset+octet-stream',
        'upload-offset': String(this.#offset),
      },
      body,
    })
    return Number(headers.get('upload-offset') ?? this.#offset + body.size)
  }

  async #readOffset(): Promise<number> {
    const head = { ...requestOf(this.#given), method: 'HEAD', headers: tus }
    const { headers } = await this.#connection.request(this.#path, head)
    return Number(headers.get('upload-offset'))
  }

  #report(): void {
    const sentBytes = this.#offset
    const totalBytes = this.#totalBytes
    this.#given.onProgress?.({
      phase: 'uploading',
      sentBytes,
      ...(totalBytes !== undefined && { totalBytes }),
    })
  }
}
