import { TaskId, type UploadRecord } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import type { Logger } from '@darkroom/service-kit'
import { type Caller, findImage, isOfGrant } from '../access/caller.ts'
import type { ErasedOwners } from '../access/erased-owners.ts'
import type { GrantStore } from '../access/grant-store.ts'
import { ArrivingBody } from './arriving-body.ts'
import { CompleteUploads, type UploadClients } from './complete-uploads.ts'
import {
  type AppendedBody,
  offsetMismatch,
  PieceReceiver,
  stateOf,
  tooLong,
  type UploadState,
} from './piece-receiver.ts'
import { Pieces } from './pieces.ts'
import { type KnownUpload, type UploadLimits, UploadRecords, uploadNotFound } from './upload-records.ts'

/**
 * Resumable uploads. Every frontend can continue every upload, because no state is kept in the frontend:
 *
 *     bytes -> pieces in the storage, named in a record in kv-config (compare and set)
 *     last piece -> not stored: it is streamed to the master after all other pieces, as one body
 *
 * So the response to the last piece is the response of the master. If it refuses for now, the offset stays and the client
 * sends the piece again. If it refuses for good, the upload is deleted. If it accepts, the image has the id of the upload.
 */
export class ResumableUploads {
  readonly #clients: UploadClients
  readonly #records: UploadRecords
  readonly #pieces: Pieces
  readonly #complete: CompleteUploads
  readonly #receiver: PieceReceiver
  readonly #grants: Pick<GrantStore, 'release'>
  readonly #logger: Logger

  constructor(
    clients: UploadClients,
    {
      limits,
      grants,
      erased,
      logger,
    }: { limits: UploadLimits; grants: Pick<GrantStore, 'release'>; erased: ErasedOwners; logger: Logger },
  ) {
    this.#clients = clients
    this.#grants = grants
    this.#logger = logger
    this.#records = new UploadRecords(clients.kv, limits)
    this.#pieces = new Pieces(clients.storage, logger)
    const [records, pieces] = [this.#records, this.#pieces]
    const complete = new CompleteUploads({ clients, records, pieces, grants, erased })
    this.#complete = complete
    this.#receiver = new PieceReceiver({ records, pieces, complete })
  }

  /**
   * Begins an upload, also with its first bytes. A refused upload leaves nothing, because the client has no id for it.
   *
   * @throws ServiceProblem 429 if the owner has too many unfinished uploads; the errors of `append`
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
    // Checked even if there is a record, because a frontend may have been killed after the image was accepted.
    const image = await findImage(this.#clients.taskDb, caller, id)
    if (image) return { id, offset: image.original.bytes, length: image.original.bytes }
    return known ? stateOf(known) : uploadNotFound(id)
  }

  /** Returns the state when the whole body is stored. @throws ServiceProblem */
  async append(caller: Caller, id: string, given: AppendedBody): Promise<UploadState> {
    const known = await this.#findRecord(caller, id)
    if (!known) return this.#appendToImage(caller, id, given)
    return this.#receiver.append(caller, known, given)
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

  /** Removes what a refused creation has left behind, including an image that may have been accepted. */
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

  async #appendToImage(caller: Caller, id: string, { offset, body }: AppendedBody): Promise<UploadState> {
    const image = await findImage(this.#clients.taskDb, caller, id)
    if (!image) uploadNotFound(id)
    const length = image.original.bytes
    if (offset !== length) throw offsetMismatch(offset, length)
    if (await new ArrivingBody(body).hasMore()) throw tooLong(length)
    // The response to the last piece may have been lost.
    return { id, offset, length }
  }

  /** Uploads without an owner belong to the operators. */
  async #findRecord({ owner, role, grant }: Caller, id: string): Promise<KnownUpload | undefined> {
    if (!Value.Check(TaskId, id) || (grant && !isOfGrant(grant, id))) return undefined
    const own = await this.#records.find(owner, id)
    if (own || owner === undefined || role !== 'operator') return own
    return this.#records.find(undefined, id)
  }
}
