import { base64, type Connection, type RequestOptions } from './connection.ts'
import { DarkroomError } from './darkroom-error.ts'
import type { ImageStatus, Progress, Source } from './types.ts'

/** Larger images are sent in pieces of this size. After an interruption, only one piece is sent again. */
const pieceBytes = 8 * 1024 * 1024

export interface UploadOptions {
  /** The options operations, variants, preset and callback, as texts. */
  options: Readonly<Record<string, string>>
  idempotencyKey?: string | undefined
  signal?: AbortSignal | undefined
  onProgress?: ((progress: Progress) => void) | undefined
}

/** Uploads an image, or sends the URL from which Darkroom fetches it. Returns its id. @throws DarkroomError */
export async function upload(connection: Connection, source: Source, given: UploadOptions): Promise<string> {
  if (typeof source === 'string' || source instanceof URL)
    return importFrom(connection, String(source), given)
  const blob = blobOf(source)
  if (blob && blob.size <= pieceBytes) return uploadWhole(connection, blob, given)
  return uploadInPieces(connection, blob ? piecesOfBlob(blob) : piecesOf(source as never), blob?.size, given)
}

function blobOf(source: Exclude<Source, string | URL>): Blob | undefined {
  if (source instanceof Blob) return source
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source))
    return new Blob([source as Uint8Array<ArrayBuffer>])
  return undefined
}

async function importFrom(connection: Connection, url: string, given: UploadOptions): Promise<string> {
  const options = Object.fromEntries(
    Object.entries(given.options).map(([name, text]) => [name, fromJson(text)]),
  )
  return sendImage(connection, '/images', {
    ...requestOf(given),
    headers: { 'content-type': 'application/json', ...idempotency(given) },
    body: JSON.stringify({ url, ...options }),
  })
}

function fromJson(text: string): unknown {
  return /^[[{]/.test(text) ? JSON.parse(text) : text
}

async function uploadWhole(connection: Connection, blob: Blob, given: UploadOptions): Promise<string> {
  given.onProgress?.({ phase: 'uploading', sentBytes: 0, totalBytes: blob.size })
  const query = new URLSearchParams(given.options).toString()
  const id = await sendImage(connection, `/images${query && `?${query}`}`, {
    ...requestOf(given),
    headers: { 'content-type': blob.type || 'application/octet-stream', ...idempotency(given) },
    body: blob,
  })
  given.onProgress?.({ phase: 'uploading', sentBytes: blob.size, totalBytes: blob.size })
  return id
}

async function sendImage(connection: Connection, path: string, options: RequestOptions): Promise<string> {
  const { id } = await connection.json<Partial<ImageStatus>>(path, options)
  if (typeof id === 'string') return id
  throw new DarkroomError(`${connection.base} does not answer as Darkroom does; check the URL`, {
    status: 200,
  })
}

function requestOf({ signal, onProgress }: UploadOptions) {
  const onRetry = (reason: string) => onProgress?.({ phase: 'waiting', reason })
  return { method: 'POST', onRetry, ...(signal && { signal }) }
}

/** Makes sure that an upload that is repeated after a lost answer does not make a second image. */
function idempotency({ idempotencyKey = randomId() }: UploadOptions): Record<string, string> {
  return { 'idempotency-key': idempotencyKey }
}

/** crypto.randomUUID exists only on https. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}

interface Piece {
  bytes: Blob
  isLast: boolean
}

/** A program that was interrupted must not wait long for it. */
const deleteTimeoutMs = 5000
const tus = { 'tus-resumable': '1.0.0' }

/** Sends a resumable upload (tus 1.0), whose id becomes the id of the image. */
async function uploadInPieces(
  connection: Connection,
  pieces: AsyncIterable<Piece>,
  totalBytes: number | undefined,
  given: UploadOptions,
): Promise<string> {
  const id = await createUpload(connection, totalBytes, given)
  const path = `/uploads/${id}`
  try {
    await sendPieces(connection, path, pieces, totalBytes, given)
    return id
  } catch (error) {
    // Nobody will continue it. If it can't be deleted now, it expires. Darkroom itself deletes what it refuses.
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

async function sendPieces(
  connection: Connection,
  path: string,
  pieces: AsyncIterable<Piece>,
  totalBytes: number | undefined,
  given: UploadOptions,
): Promise<void> {
  const shared = requestOf(given)
  const received = async () => {
    const { headers } = await connection.request(path, { ...shared, method: 'HEAD', headers: tus })
    return Number(headers.get('upload-offset'))
  }
  const report = (sentBytes: number) =>
    given.onProgress?.({
      phase: 'uploading',
      sentBytes,
      ...(totalBytes !== undefined && { totalBytes }),
    })
  let offset = 0
  report(0)
  for await (const { bytes, isLast } of pieces) {
    const begin = offset
    const end = begin + bytes.size
    const length = isLast && totalBytes === undefined ? { 'upload-length': String(end) } : {}
    let retries = connection.retries()
    do {
      const before = offset
      try {
        const { headers } = await connection.request(path, {
          ...shared,
          once: true,
          method: 'PATCH',
          headers: {
            ...tus,
            ...length,
            'content-type': 'application/offset+octet-stream',
            'upload-offset': String(offset),
          },
          body: bytes.slice(offset - begin),
        })
        offset = Number(headers.get('upload-offset') ?? end)
      } catch (error) {
        given.signal?.throwIfAborted()
        const mayContinue = error instanceof DarkroomError && (error.isTemporary || error.status === 409)
        if (!mayContinue) throw error
        await retries.wait(error, shared)
        offset = Math.max(begin, await received())
      }
      // An upload may take any time while bytes arrive.
      if (offset > before) retries = connection.retries()
      report(offset)
    } while (offset < end)
  }
}

async function* piecesOfBlob(blob: Blob): AsyncGenerator<Piece> {
  for (let begin = 0; begin < blob.size; begin += pieceBytes)
    yield { bytes: blob.slice(begin, begin + pieceBytes), isLast: begin + pieceBytes >= blob.size }
}

/** Each piece is held in memory, so that it can be sent again. */
async function* piecesOf(
  stream: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>,
): AsyncGenerator<Piece> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of 'getReader' in stream ? chunksOf(stream) : stream) {
    if (!ArrayBuffer.isView(chunk))
      throw new TypeError('the stream of an image must yield bytes (Uint8Array)')
    for (let rest = chunk; rest.length > 0; ) {
      // A full piece is sent when the next byte arrives: only then is it known not to be the last.
      if (bytes === pieceBytes) {
        yield { bytes: new Blob(parts as Uint8Array<ArrayBuffer>[]), isLast: false }
        parts = []
        bytes = 0
      }
      const part = rest.subarray(0, pieceBytes - bytes)
      parts.push(part)
      bytes += part.length
      rest = rest.subarray(part.length)
    }
  }
  yield { bytes: new Blob(parts as Uint8Array<ArrayBuffer>[]), isLast: true }
}

/** Safari's streams are not iterable. */
async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}
