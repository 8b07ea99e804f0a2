import { randomBytes } from 'node:crypto'
import { GrantRecord, grantPrefix, ownGrantPrefix } from '@darkroom/contracts'
import {
  deleteKeysUnder,
  type KvClient,
  keysUnder,
  readJson,
  ServiceProblem,
  tooManyRequests,
  unavailable,
} from '@darkroom/service-kit'
import { newImageId } from '../images/new-image-id.ts'
import { OwnerQuota } from '../limits/owner-quota.ts'
import type { Grant } from './caller.ts'
import { refuseGrant } from './refusals.ts'

export interface Place {
  /** The id of the image that is uploaded. */
  imageId: string
  record: GrantRecord
}

/** How many frontends may count uploads of one grant at the same time. */
const maxTries = 100

/** The records of grants, in kv-config, so that all frontends count the uploads of a grant together. */
export class GrantStore {
  readonly #kv: KvClient
  readonly #quota: OwnerQuota

  constructor(kv: KvClient, maxGrantsPerOwner: number) {
    this.#kv = kv
    this.#quota = new OwnerQuota({ kv, limit: maxGrantsPerOwner, prefixOf: ownGrantPrefix })
  }

  /** Returns the id of the grant. @throws ServiceProblem 429 if the owner has too many grants that have not expired */
  async create(record: Omit<GrantRecord, 'used'>, expiresAt: number): Promise<string> {
    const { owner } = record
    if (!(await this.#quota.take(owner))) throw tooManyGrants(this.#quota.limit)
    const id = randomBytes(6).toString('hex')
    await this.#kv.setKey({
      params: { '*': `${ownGrantPrefix(owner)}${id}` },
      querystring: { ttl: secondsUntil(expiresAt) },
      headers: {},
      body: new Uint8Array(),
    })
    const made: GrantRecord = { ...record, used: [] }
    if (await this.#write({ id, expiresAt }, made, { 'if-none-match': '*' })) return id
    // If a response was lost, the request was sent twice, and the stored record is ours.
    await this.read({ id, expiresAt })
    return id
  }

  /** @throws ServiceProblem 401 if there is no longer a valid record */
  async read(grant: Grant): Promise<GrantRecord> {
    return (await this.#find(grant)).record
  }

  /**
   * Reserves a place for an image. The same idempotency key gets the same place.
   *
   * @throws ServiceProblem 401, or 403 if all places are taken
   */
  async take(grant: Grant, idempotencyKey?: string): Promise<Place> {
    const imageId = newImageId(grant.id)
    for (let tries = 0; tries < maxTries; tries += 1) {
      const { record, etag } = await this.#find(grant)
      const taken = record.used.find(
        place =>
          place.id === imageId || (idempotencyKey !== undefined && place.idempotencyKey === idempotencyKey),
      )
      if (taken?.id === imageId || taken?.isShared) return { imageId: taken.id, record }
      if (!taken && record.used.length >= record.images)
        throw new ServiceProblem(
          403,
          'grant-used-up',
          `all uploads that this grant allows (${record.images}) have been used; ask for another grant`,
        )
      const place = taken
        ? { ...taken, isShared: true }
        : { id: imageId, ...(idempotencyKey !== undefined && { idempotencyKey }) }
      const changed = { ...record, used: [...record.used.filter(other => other !== taken), place] }
      if (await this.#write(grant, changed, { 'if-match': etag })) return { imageId: place.id, record }
    }
    throw unavailable('busy', 'too many uploads with this grant began at the same time; try again', 1)
  }

  /** Frees the place of a refused image, unless another request has it: the image of that request may be accepted. */
  async release(grant: Grant, imageId: string): Promise<void> {
    for (let tries = 0; tries < maxTries; tries += 1) {
      const { record, etag } = await this.#find(grant)
      const used = record.used.filter(({ id, isShared }) => id !== imageId || isShared)
      if (used.length === record.used.length) return
      if (await this.#write(grant, { ...record, used }, { 'if-match': etag })) return
    }
  }

  async #find({ id }: Grant): Promise<{ record: GrantRecord; etag: string }> {
    const params = { '*': `${grantPrefix}${id}` }
    const reply = await this.#kv.getKey({ params, querystring: {}, headers: {} })
    if (reply.status !== 200) throw refuseGrant('over')
    const record = readJson(GrantRecord, await reply.body.bytes())
    if (!record) throw refuseGrant('record-not-valid')
    return { record, etag: String(reply.headers.etag) }
  }

  async #write(
    { id, expiresAt }: Grant,
    record: GrantRecord,
    headers: { 'if-match': string } | { 'if-none-match': string },
  ): Promise<boolean> {
    const { status } = await this.#kv.setKey({
      params: { '*': `${grantPrefix}${id}` },
      querystring: { ttl: secondsUntil(expiresAt) },
      headers,
      body: Buffer.from(JSON.stringify(record)),
    })
    return status === 200 || status === 201
  }
}

/** Deletes the records of all grants of an owner; the grants end with them. */
export async function eraseGrants(kv: KvClient, owner: string): Promise<void> {
  for await (const { key, value } of keysUnder(kv, grantPrefix)) {
    if (readJson(GrantRecord, value)?.owner === owner)
      await kv.deleteKey({ params: { '*': key }, headers: {} })
  }
  await deleteKeysUnder(kv, ownGrantPrefix(owner))
}

function secondsUntil(instant: number): number {
  return Math.max(1, Math.ceil(instant - Date.now() / 1000))
}

function tooManyGrants(limit: number): ServiceProblem {
  const detail = `you have ${limit} grants that have not expired, which is the limit: wait until one expires, or create grants with a shorter expiresIn`
  return tooManyRequests('too-many-grants', detail, 60)
}
