import type { UploadRecord } from '@darkroom/contracts'
import { type Body, ServiceProblem, tooLarge } from '@darkroom/service-kit'
import type { Caller } from '../access/caller.ts'
import { ArrivingBody } from './arriving-body.ts'
import type { CompleteUploads } from './complete-uploads.ts'
import { bytesIn, type Pieces } from './pieces.ts'
import { type KnownUpload, type UploadRecords, uploadNotFound } from './upload-records.ts'

/** How much a crash can lose at most, and how much of a request of unknown length is kept in memory. */
const pieceBytes = 8 * 1024 * 1024
/** Keeps a record small. A client reaches this limit only with pieces much smaller than a megabyte. */
const maxPieces = 4000

export interface UploadState {
  id: string
  offset: number
  length?: number | undefined
  metadata?: string | undefined
  /** Absent once the image is accepted. */
  expiresAt?: string
}

export interface AppendedBody {
  offset: number
  /** Sent with a PATCH if the upload began without it. */
  length?: number | undefined
  body: Body
  /** The declared length of the body. */
  bytes?: number | undefined
  /** The longest upload that is accepted, if it is known. */
  maxBytes?: number | undefined
}

/** Receives the bytes of uploads: stores them in pieces, and passes the last piece on to the master. */
export class PieceReceiver {
  readonly #records: UploadRecords
  readonly #pieces: Pieces
  readonly #complete: CompleteUploads

  constructor(options: { records: UploadRecords; pieces: Pieces; complete: CompleteUploads }) {
    this.#records = options.records
    this.#pieces = options.pieces
    this.#complete = options.complete
  }

  /** Returns the state when the whole body is stored. @throws ServiceProblem */
  async append(caller: Caller, known: KnownUpload, { body, ...given }: AppendedBody): Promise<UploadState> {
    const received = bytesIn(known.record.pieces)
    if (given.offset !== received) throw offsetMismatch(given.offset, received)
    const length = lengthOf(known.record, given.length)
    if (length !== undefined && length < received + (given.bytes ?? 0)) throw tooLong(length)
    if (length !== undefined && length > (given.maxBytes ?? length)) throw tooLarge(given.maxBytes ?? 0)
    return this.#receive(caller, known, length, new ArrivingBody(body), given)
  }

  async #receive(
    caller: Caller,
    begun: KnownUpload,
    length: number | undefined,
    body: ArrivingBody,
    { bytes, maxBytes = Number.POSITIVE_INFINITY }: Pick<AppendedBody, 'bytes' | 'maxBytes'>,
  ): Promise<UploadState> {
    let known = begun
    let offset = bytesIn(known.record.pieces)
    const end = bytes === undefined ? undefined : offset + bytes
    for (;;) {
      const left = length === undefined ? Number.POSITIVE_INFINITY : length - offset
      if (left <= pieceBytes && end === length)
        return this.#finish(caller, known, body.take(left), length ?? 0)
      if (!(await body.hasMore())) break
      if (offset >= maxBytes) throw tooLarge(maxBytes)
      let part = body.take(Math.min(left, pieceBytes))
      if (left <= pieceBytes && end === undefined) {
        // Only at the end of the part it is known whether it is the last piece.
        const held = await Array.fromAsync(part)
        part = asStream(held)
        const isLast = held.reduce((sum, chunk) => sum + chunk.length, 0) === left
        if (isLast && (await body.hasMore())) throw tooLong(length)
        if (isLast) return this.#finish(caller, known, part, length ?? 0)
      }
      known = await this.#addPiece(known, offset, part, length)
      offset = bytesIn(known.record.pieces)
    }
    if (body.failure !== undefined) throw body.failure
    if (offset === length) return this.#finish(caller, known, asStream([]), length)
    if (length === undefined || length === known.record.length) return stateOf(known)
    // The body is empty, but the client need not send the length again.
    return stateOf((await this.#records.setLength(known, length)) ?? (await this.#changed(known, offset)))
  }

  async #addPiece(
    known: KnownUpload,
    offset: number,
    part: AsyncIterable<Uint8Array>,
    length: number | undefined,
  ): Promise<KnownUpload> {
    const { id, record } = known
    if (record.pieces.length >= maxPieces)
      throw new ServiceProblem(
        400,
        'too-many-pieces',
        `this upload has ${maxPieces} pieces, and more are not allowed: begin a new upload with larger pieces`,
      )
    const piece = await this.#pieces.store(id, offset, part)
    const changed = await this.#records.addPiece(known, piece, length)
    if (changed) return changed
    await this.#pieces.discard(id, offset, piece)
    return this.#changed(known, offset)
  }

  /** Another request has changed the record. */
  async #changed({ id, record }: KnownUpload, offset: number): Promise<never> {
    const now = await this.#records.find(record.owner, id)
    if (!now) uploadNotFound(id)
    throw offsetMismatch(offset, bytesIn(now.record.pieces))
  }

  async #finish(
    caller: Caller,
    known: KnownUpload,
    lastPart: AsyncIterable<Uint8Array>,
    length: number,
  ): Promise<UploadState> {
    await this.#complete.accept(caller, known, lastPart, length)
    return { id: known.id, offset: length, length }
  }
}

export function stateOf({ id, record: { pieces, length, metadata, expiresAt } }: KnownUpload): UploadState {
  return { id, offset: bytesIn(pieces), length, metadata, expiresAt }
}

function lengthOf({ length }: UploadRecord, given: number | undefined): number | undefined {
  if (length === undefined || given === undefined || given === length) return length ?? given
  throw new ServiceProblem(
    400,
    'length-is-fixed',
    `the Upload-Length of this upload is ${length}, not ${given}`,
  )
}

export function tooLong(length: number | undefined): ServiceProblem {
  return new ServiceProblem(400, 'too-long', `the upload is longer than its Upload-Length, ${length}`)
}

export function offsetMismatch(given: number, right: number): ServiceProblem {
  return new ServiceProblem(409, 'offset-mismatch', `Upload-Offset must be ${right}, got ${given}`, {
    headers: { 'upload-offset': String(right) },
  })
}

async function* asStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
