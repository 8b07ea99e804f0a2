import { TaskId, type UploadRecord } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type Body, type Logger, ServiceProblem, tooLarge } from '@darkroom/service-kit'
import { type Caller, findImage, isOfGrant } from '../access/caller.ts'
import type { GrantBook } from '../access/grant-book.ts'
import type { ErasedOwners } from '../erasure/erased-owners.ts'
import { ArrivingBody } from './arriving-body.ts'
import { CompleteUploads, type UploadClients } from './complete-uploads.ts'
import { bytesIn, Pieces } from './pieces.ts'
import { type KnownUpload, type UploadLimits, UploadRecords, uploadNotFound } from './upload-records.ts'

/** The most that a crash can lose, and that a request of unknown length may keep in memory. */
const pieceBytes = 8 * 1024 * 1024
/** Keeps a record small. A client reaches this limit only with pieces far below a megabyte. */
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

/**
 * Resumable uploads. Every frontend can continue every upload, because no state is kept in the frontend:
 *
 *     bytes -> pieces in the storage, named in a record in kv-config (compare and set)
 *     last piece -> not stored: it is streamed to the master after all other pieces, as one body
 *
 * So the answer to the last piece is the answer of the master. If it refuses for now, the offset stays and the client
 * sends the piece again. If it refuses for good, the upload is deleted. If it accepts, the image has the id of the upload.
 */
export class ResumableUploads {
  readonly #clients: UploadClients
  readonly #records: UploadRecords
  readonly #pieces: Pieces
  readonly #complete: CompleteUploads
  readonly #grants: Pick<GrantBook, 'release'>
  readonly #logger: Logger

  constructor(
    clients: UploadClients,
    {
      limits,
      grants,
      erased,
      logger,
    }: { limits: UploadLimits; grants: Pick<GrantBook, 'release'>; erased: ErasedOwners; logger: Logger },
  ) {
    this.#clients = clients
    this.#grants = grants
    this.#logger = logger
    this.#records = new UploadRecords(clients.kv, limits)
    this.#pieces = new Pieces(clients.storage, logger)
    const [records, pieces] = [this.#records, this.#pieces]
    this.#complete = new CompleteUploads({ clients, records, pieces, grants, erased })
  }

  /**
   * Begins an upload, also with its first bytes. A refused upload leaves nothing, because the client can't know its id.
   *
   * @throws ServiceProblem 429 if the owner has too many unfinished uploads; that of `append`
   */
  async create(
    caller: Caller,
    given: Pick<UploadRecord, 'length' | 'metadata' | 'options' | 'urgency'>,
    id: string,
    first?: AppendedBody,
  ): Promise<UploadState> {
    const { owner } = caller
    try {
      const begun = await this.#records.create({ ...given, ...(owner !== undefined && { owner }) }, id)
      return first ? await this.append(caller, id, first) : stateOf(begun)
    } catch (error) {
      await this.#removeRefused(caller, id)
      throw error
    }
  }

  /** @throws ServiceProblem 404 */
  async find(caller: Caller, id: string): Promise<UploadState> {
    const known = await this.#findRecord(caller, id)
    // Checked even if there is a record, as a frontend may have been killed after the image was accepted.
    const image = await findImage(this.#clients.taskDb, caller, id)
    if (image) return { id, offset: image.original.bytes, length: image.original.bytes }
    return known ? stateOf(known) : uploadNotFound(id)
  }

  /** Returns the state when the whole body is stored. @throws ServiceProblem */
  async append(caller: Caller, id: string, { body, ...given }: AppendedBody): Promise<UploadState> {
    const known = await this.#findRecord(caller, id)
    if (!known) return this.#appendToImage(caller, id, given)
    const received = bytesIn(known.record.pieces)
    if (given.offset !== received) throw offsetMismatch(given.offset, received)
    const length = lengthOf(known.record, given.length)
    if (length !== undefined && length < received + (given.bytes ?? 0)) throw tooLong(length)
    if (length !== undefined && length > (given.maxBytes ?? length)) throw tooLarge(given.maxBytes ?? 0)
    return this.#receive(caller, known, length, new ArrivingBody(body), given)
  }

  /** @throws ServiceProblem 404 */
  async terminate(caller: Caller, id: string): Promise<void> {
    const known = await this.#findRecord(caller, id)
    if (known) {
      await this.#records.terminate(known)
      await this.#pieces.delete(id, known.record.pieces)
    }
    // Otherwise the holder of a grant could upload any number of images, one after the other.
    const isDeleted = caller.grant ? false : await this.#complete.deleteImage(caller, id)
    if (!isDeleted && !known) uploadNotFound(id)
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
        `this upload has ${maxPieces} parts, and more are not allowed: begin a new upload with larger parts`,
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

  /** Removes what a refused creation has left, also an image whose acceptance is not known. */
  async #removeRefused(caller: Caller, id: string): Promise<void> {
    try {
      const known = await this.#findRecord(caller, id)
      if (known) {
        await this.#records.remove(known)
        await this.#pieces.delete(id, known.record.pieces)
        await this.#complete.deleteImage(caller, id)
      }
      if (caller.grant) await this.#grants.release(caller.grant, id)
    } catch (error) {
      this.#logger.warn({ err: error, id }, 'a refused upload could not be removed; it expires')
    }
  }

  async #appendToImage(
    caller: Caller,
    id: string,
    { offset, bytes }: Pick<AppendedBody, 'offset' | 'bytes'>,
  ): Promise<UploadState> {
    const image = await findImage(this.#clients.taskDb, caller, id)
    if (!image) uploadNotFound(id)
    const length = image.original.bytes
    // The answer to the last piece may have been lost.
    if (offset === length && bytes === 0) return { id, offset, length }
    throw offsetMismatch(offset, length)
  }

  /** Uploads without an owner belong to the operators. */
  async #findRecord({ owner, role, grant }: Caller, id: string): Promise<KnownUpload | undefined> {
    if (!Value.Check(TaskId, id) || (grant && !isOfGrant(grant, id))) return undefined
    const own = await this.#records.find(owner, id)
    if (own || owner === undefined || role !== 'operator') return own
    return this.#records.find(undefined, id)
  }
}

function stateOf({ id, record: { pieces, length, metadata, expiresAt } }: KnownUpload): UploadState {
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

function tooLong(length: number | undefined): ServiceProblem {
  return new ServiceProblem(400, 'too-long', `the upload is longer than its Upload-Length, ${length}`)
}

function offsetMismatch(given: number, right: number): ServiceProblem {
  return new ServiceProblem(409, 'offset-mismatch', `Upload-Offset must be ${right}, got ${given}`, {
    headers: { 'upload-offset': String(right) },
  })
}

async function* asStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}
