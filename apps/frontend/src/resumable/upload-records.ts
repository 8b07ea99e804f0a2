import { UploadRecord, uploadPrefixOf } from '@darkroom/contracts'
import { type KvClient, readJson, ServiceProblem, tooManyRequests } from '@darkroom/service-kit'
import { OwnerQuota } from '../limits/owner-quota.ts'

/** An upload and the revision at which it was read. */
export interface KnownUpload {
  id: string
  record: UploadRecord
  etag: string
}

export interface UploadLimits {
  /** How long an upload is kept after its last byte. */
  uploadExpirySeconds: number
  /** Uploads of one owner that are not finished. */
  maxUploadsPerOwner: number
}

/** How long the mark of a terminated upload is kept, so that a running request finds it. */
const terminatedSeconds = 600

/**
 * The records of unfinished uploads, in kv-config, so that any frontend can continue an upload. If two frontends change a
 * record at once, the second change is refused.
 */
export class UploadRecords {
  readonly #kv: KvClient
  readonly #limits: UploadLimits
  readonly #quota: OwnerQuota

  constructor(kv: KvClient, limits: UploadLimits) {
    this.#kv = kv
    this.#limits = limits
    this.#quota = new OwnerQuota({
      kv,
      limit: limits.maxUploadsPerOwner,
      prefixOf: uploadPrefixOf,
      isCounted: value => readJson(UploadRecord, value)?.isTerminated !== true,
    })
  }

  /** @throws ServiceProblem 429 if the owner has too many unfinished uploads */
  async create(
    given: Pick<UploadRecord, 'owner' | 'length' | 'metadata' | 'options' | 'urgency'>,
    id: string,
  ) {
    await this.#requireRoom(given.owner)
    const record: UploadRecord = { ...given, pieces: [], expiresAt: this.#expiry() }
    const known = await this.#write({ id, record, etag: '' }, record)
    if (!known) throw new Error(`the upload id ${id} is taken`)
    return known
  }

  /** Undefined also for an upload that was ended by the client. */
  async find(owner: string | undefined, id: string): Promise<KnownUpload | undefined> {
    const known = await this.read(owner, id)
    return known?.record.isTerminated ? undefined : known
  }

  /** @throws ServiceProblem 404 if the record is not valid, so that clients begin a new upload */
  async read(owner: string | undefined, id: string): Promise<KnownUpload | undefined> {
    const reply = await this.#kv.getKey({ params: paramsOf(owner, id), querystring: {}, headers: {} })
    if (reply.status !== 200) return undefined
    const record = readJson(UploadRecord, await reply.body.bytes())
    if (!record || record.owner !== owner) throw recordNotValid(id)
    return { id, record, etag: String(reply.headers.etag) }
  }

  /** Adds a piece and renews the expiry; undefined if the record has changed since it was read. */
  addPiece(
    known: KnownUpload,
    piece: UploadRecord['pieces'][number],
    length: number | undefined,
  ): Promise<KnownUpload | undefined> {
    return this.#write(known, {
      ...known.record,
      ...(length !== undefined && { length }),
      pieces: [...known.record.pieces, piece],
      expiresAt: this.#expiry(),
    })
  }

  /** Sets the length, which was deferred; undefined if the record has changed since it was read. */
  setLength(known: KnownUpload, length: number): Promise<KnownUpload | undefined> {
    return this.#write(known, { ...known.record, length, expiresAt: this.#expiry() })
  }

  /** Leaves a mark for a running request, which then creates no image. */
  async terminate({ id, record }: KnownUpload): Promise<void> {
    await this.#kv.setKey({
      params: paramsOf(record.owner, id),
      querystring: { ttl: terminatedSeconds },
      headers: {},
      body: encode({ ...record, pieces: [], isTerminated: true }),
    })
  }

  /** Returns false if the record has changed since it was read; then it stays. */
  async remove({ id, record, etag }: KnownUpload): Promise<boolean> {
    const params = paramsOf(record.owner, id)
    const { status } = await this.#kv.deleteKey({ params, headers: { 'if-match': etag } })
    return status === 204
  }

  async #write({ id, etag }: KnownUpload, record: UploadRecord): Promise<KnownUpload | undefined> {
    const reply = await this.#kv.setKey({
      params: paramsOf(record.owner, id),
      querystring: { ttl: this.#limits.uploadExpirySeconds },
      headers: etag === '' ? { 'if-none-match': '*' } : { 'if-match': etag },
      body: encode(record),
    })
    if (reply.status === 200 || reply.status === 201) return { id, record, etag: String(reply.headers.etag) }
    // If a response was lost, the request was sent twice, and the stored record is ours.
    const stored = await this.read(record.owner, id)
    return stored && encode(stored.record).equals(encode(record)) ? stored : undefined
  }

  async #requireRoom(owner: string | undefined): Promise<void> {
    if (await this.#quota.take(owner)) return
    const detail = `you have ${this.#quota.limit} unfinished uploads, which is the limit: finish or delete some`
    throw tooManyRequests('too-many-uploads', detail, 10)
  }

  #expiry(): string {
    return new Date(Date.now() + this.#limits.uploadExpirySeconds * 1000).toISOString()
  }
}

function paramsOf(owner: string | undefined, id: string): { '*': string } {
  return { '*': `${uploadPrefixOf(owner)}${id}` }
}

function encode(record: UploadRecord): Buffer {
  return Buffer.from(JSON.stringify(record))
}

function recordNotValid(id: string): ServiceProblem {
  const detail = `the record of the upload ${id} in kv-config is not valid; begin a new upload`
  return new ServiceProblem(404, 'upload-not-found', detail)
}

/** @throws ServiceProblem 404 */
export function uploadNotFound(id: string): never {
  throw new ServiceProblem(404, 'upload-not-found', `there is no upload ${id}; it may have expired`)
}
