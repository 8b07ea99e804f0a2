import type { Connection, RequestOptions } from './connection.ts'
import { DarkroomError } from './darkroom-error.ts'
import { type Piece, pieceBytes, piecesOfBlob, piecesOfStream } from './pieces.ts'
import { uploadInPieces } from './resumable-upload.ts'
import type { ByteStream, ImageStatus, Source, StoredSource } from './types.ts'
import { requestOf, type UploadOptions } from './upload-options.ts'

/** Uploads an image, or sends the URL or the id from which Darkroom reads it. Returns its id. @throws DarkroomError */
export async function upload(connection: Connection, source: Source, given: UploadOptions): Promise<string> {
  if (typeof source === 'string' || source instanceof URL)
    return sendDocument(connection, { url: httpUrlOf(source) }, given)
  if (isStored(source)) return sendDocument(connection, { from: source.from }, given)
  const blob = blobOf(source)
  if (blob && blob.size <= pieceBytes) return uploadWhole(connection, blob, given)
  if (blob) return uploadInPieces(connection, { pieces: piecesOfBlob(blob), totalBytes: blob.size }, given)
  if (!isStream(source)) throw new TypeError(`${expected}, got ${nameOf(source)}`)
  return uploadStream(connection, source, given)
}

/** A path or the image as text is a common mistake. Only Darkroom checks the other parts of the URL. */
function httpUrlOf(source: string | URL): string {
  const url = String(source)
  if (/^https?:/i.test(url.trim())) return url
  const shown = JSON.stringify(url.length > 100 ? `${url.slice(0, 100)}…` : url)
  throw new TypeError(
    `an image given as text must be its http or https URL, got ${shown}; for a file in Node: await openAsBlob(path)`,
  )
}

/**
 * Reads the first piece before it sends anything. An error of the stream, such as a missing file, must find a listener,
 * otherwise it would end the program. A stream that ends within its first piece is sent in one request.
 */
async function uploadStream(
  connection: Connection,
  stream: ByteStream,
  given: UploadOptions,
): Promise<string> {
  given.onProgress?.({ phase: 'uploading', sentBytes: 0 })
  const rest = piecesOfStream(stream, given.signal)
  try {
    const first = (await rest.next()).value as Piece // every stream has one
    if (first.isLast) return await uploadWhole(connection, first.bytes, given)
    return await uploadInPieces(connection, { pieces: withFirst(first, rest), totalBytes: undefined }, given)
  } finally {
    await rest.return(undefined) // closes the stream
  }
}

async function* withFirst(first: Piece, rest: AsyncIterable<Piece>): AsyncGenerator<Piece> {
  yield first
  yield* rest
}

function blobOf(source: Exclude<Source, string | URL>): Blob | undefined {
  if (source instanceof Blob) return source
  if (source instanceof ArrayBuffer || ArrayBuffer.isView(source))
    return new Blob([source as Uint8Array<ArrayBuffer>])
  return undefined
}

function isStream(source: unknown): source is ByteStream {
  if (typeof source !== 'object' || source === null) return false
  return 'getReader' in source || Symbol.asyncIterator in source || Symbol.iterator in source
}

function isStored(source: unknown): source is StoredSource {
  return typeof source === 'object' && source !== null && 'from' in source && typeof source.from === 'string'
}

const expected = 'the image must be a Blob, bytes, a stream of bytes, a URL, or { from: <id> }'

function nameOf(source: unknown): string {
  if (source instanceof Promise) return 'a promise: await it first'
  return typeof source === 'object' && source !== null ? 'another object' : String(source)
}

async function sendDocument(
  connection: Connection,
  source: { url: string } | StoredSource,
  given: UploadOptions,
): Promise<string> {
  const options = Object.fromEntries(
    Object.entries(given.options).map(([name, text]) => [name, fromJson(text)]),
  )
  return sendImage(connection, '/images', {
    ...requestOf(given),
    headers: { 'content-type': 'application/json', ...idempotency(given) },
    body: JSON.stringify({ ...source, ...options }),
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

/** Makes sure that repeating an upload after a lost response does not create a second image. */
function idempotency({ idempotencyKey = randomId() }: UploadOptions): Record<string, string> {
  if (!/^[\x20-\x7e]*$/.test(idempotencyKey))
    throw new TypeError(`idempotencyKey must be printable ASCII, got ${JSON.stringify(idempotencyKey)}`)
  return { 'idempotency-key': idempotencyKey }
}

/** crypto.randomUUID exists only on https. */
function randomId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
