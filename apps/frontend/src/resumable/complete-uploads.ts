import { formatPriority, problemCode, type UploadRecord } from '@darkroom/contracts'
import { type ServiceClients, ServiceProblem, unavailable } from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import { type Caller, findImage } from '../access/caller.ts'
import type { ErasedOwners } from '../access/erased-owners.ts'
import type { GrantStore } from '../access/grant-store.ts'
import type { Pieces } from './pieces.ts'
import { type KnownUpload, type UploadRecords, uploadNotFound } from './upload-records.ts'

export type UploadClients = Pick<ServiceClients, 'imageMaster' | 'kv' | 'storage' | 'taskDb'>

/** Passes complete uploads on to a master. An accepted image has the id of its upload. */
export class CompleteUploads {
  readonly #clients: UploadClients
  readonly #records: UploadRecords
  readonly #pieces: Pieces
  readonly #grants: Pick<GrantStore, 'release'>
  readonly #erased: ErasedOwners

  constructor(parts: {
    clients: UploadClients
    records: UploadRecords
    pieces: Pieces
    grants: Pick<GrantStore, 'release'>
    erased: ErasedOwners
  }) {
    this.#clients = parts.clients
    this.#records = parts.records
    this.#pieces = parts.pieces
    this.#grants = parts.grants
    this.#erased = parts.erased
  }

  /**
   * Sends all pieces and the last part as one body. Returns when the image is accepted. After a final refusal, the
   * upload is deleted.
   *
   * @throws ServiceProblem of the master; 404 if the client ended the upload meanwhile, 401 if its owner was erased
   */
  async accept(
    caller: Caller,
    known: KnownUpload,
    lastPart: AsyncIterable<Uint8Array>,
    length: number,
  ): Promise<void> {
    const { id, record } = known
    const { owner, options, urgency } = record
    const sent = this.#clients.imageMaster.newImage({
      querystring: { ...options, id, ...(owner !== undefined && { owner }) },
      headers: {
        'content-length': String(length),
        ...(urgency !== undefined && { priority: formatPriority(urgency) }),
      },
      body: this.#whole(id, record, lastPart, length),
    })
    const response = await sent.catch(async error => {
      if (!(error instanceof ServiceProblem && error.code === 'upload-gone')) throw error
      // If the client sent the last piece twice, the other request may have deleted the pieces that this one reads.
      const image = await findImage(this.#clients.taskDb, caller, id)
      if (image) return undefined
      await this.#forget(caller, known)
      throw error
    })
    if (!response) return
    if (response.status === 202) {
      await this.#erased.keep(response.body, caller)
      await this.#removeAccepted(caller, known)
      return
    }
    const refusal = ServiceProblem.relay(response)
    if (response.status === 429 || response.status === 503) {
      // tus-js-client retries after a 5xx, but not after a 429.
      throw unavailable(refusal.code, refusal.message, Number(refusal.headers['retry-after']) || 1)
    }
    if (problemCode(response.body) !== 'incomplete-body') await this.#forget(caller, known)
    throw refusal
  }

  /** Deletes the image of an accepted upload. Returns whether there was an image. */
  async deleteImage(caller: Caller, id: string): Promise<boolean> {
    const { taskDb, storage } = this.#clients
    const image = await findImage(taskDb, caller, id)
    if (image) await deleteImage(image, { taskDb, storage })
    return image !== undefined
  }

  /** All bytes of an upload. */
  async *#whole(
    id: string,
    { pieces }: UploadRecord,
    lastPart: AsyncIterable<Uint8Array>,
    length: number,
  ): AsyncGenerator<Uint8Array> {
    let left = length
    for await (const chunk of this.#pieces.read(id, pieces)) {
      left -= chunk.length
      yield chunk
    }
    for await (const chunk of lastPart) {
      left -= chunk.length
      yield chunk
    }
    if (left !== 0)
      throw new ServiceProblem(400, 'incomplete-body', 'the connection ended before the body was complete')
  }

  /** After a final refusal. */
  async #forget({ grant }: Caller, known: KnownUpload): Promise<void> {
    if (!(await this.#records.remove(known))) return
    await this.#pieces.delete(known.id, known.record.pieces)
    if (grant) await this.#grants.release(grant, known.id)
  }

  /**
   * Removes the record of an accepted upload, and its pieces. While the image was accepted, another request may have
   * added a piece, or removed the record, or ended the upload.
   */
  async #removeAccepted(caller: Caller, accepted: KnownUpload): Promise<void> {
    const { id, record } = accepted
    let known = accepted
    while (!(await this.#records.remove(known))) {
      const changed = await this.#records.read(record.owner, id)
      if (!changed) break
      if (changed.record.isTerminated) {
        await this.deleteImage(caller, id)
        uploadNotFound(id)
      }
      known = changed
    }
    await this.#pieces.delete(id, known.record.pieces)
  }
}
