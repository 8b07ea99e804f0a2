import {
  authSetting,
  type KeyDescription,
  KeyId,
  KeyRecord,
  keyPrefix,
  type MadeKey,
  type NewKey,
} from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type KvClient, keysUnder, readJson } from '@darkroom/service-kit'
import { hashKey, makeKeyText } from './key-text.ts'

/** Stores API keys in kv-config. Every frontend watches them there, so a change takes effect within moments. */
export class KeyStore {
  readonly #kv: KvClient
  readonly #now: () => Date

  constructor(kv: KvClient, now: () => Date = () => new Date()) {
    this.#kv = kv
    this.#now = now
  }

  /**
   * Creates a key. Before that, it sets `config/frontend/auth` to `keys`, for good: if the call is interrupted in between,
   * the frontends require keys instead of being open. `createdBy` is the id of an operator's key, or `command line`.
   */
  async create(
    { role = 'user', owner, name, expiresAt, callback }: NewKey,
    createdBy: string,
  ): Promise<MadeKey> {
    await this.#requireKeys()
    return this.#make(id => ({
      role,
      owner: owner ?? id,
      ...(name !== undefined && { name }),
      ...(callback !== undefined && { callback }),
      createdAt: this.#now().toISOString(),
      createdBy,
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }),
    }))
  }

  /** Lists all keys, the oldest first. */
  async list(): Promise<KeyDescription[]> {
    const keys: KeyDescription[] = []
    for await (const { key, value } of keysUnder(this.#kv, keyPrefix)) {
      const known = readKeyRecord(key, value)
      if (known) keys.push(describeKey(known.id, known.record))
    }
    return keys.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1))
  }

  /** Deletes a key and returns its description; undefined if there is no such key. */
  async revoke(id: string): Promise<KeyDescription | undefined> {
    const known = await this.#find(id)
    if (!known) return undefined
    await this.#kv.deleteKey({ params: paramsOf(id), headers: {} })
    return describeKey(id, known.record)
  }

  /**
   * Creates a new key with the same role, owner, name and lifetime; the lifetime begins now. The old key expires after
   * `keepSeconds`. Returns undefined if there is no such key.
   */
  async rotate(id: string, keepSeconds: number, createdBy: string): Promise<MadeKey | undefined> {
    const known = await this.#find(id)
    if (!known) return undefined
    const { hash: _, createdAt, expiresAt, ...rest } = known.record
    const now = this.#now().getTime()
    const lifetimeMs = expiresAt === undefined ? undefined : Date.parse(expiresAt) - Date.parse(createdAt)
    const made = await this.#make(() => ({
      ...rest,
      createdAt: new Date(now).toISOString(),
      createdBy,
      ...(lifetimeMs !== undefined && { expiresAt: new Date(now + lifetimeMs).toISOString() }),
    }))
    await this.#end(id, new Date(now + keepSeconds * 1000))
    return made
  }

  async #requireKeys(): Promise<void> {
    await this.#kv.setKey({
      params: { '*': authSetting },
      querystring: {},
      headers: {},
      body: Buffer.from(JSON.stringify('keys')),
    })
  }

  async #make(recordFor: (id: string) => Omit<KeyRecord, 'hash'>): Promise<MadeKey> {
    const { id, text } = makeKeyText()
    const record: KeyRecord = { ...recordFor(id), hash: hashKey(text).toString('hex') }
    const { status } = await this.#kv.setKey({
      params: paramsOf(id),
      querystring: {},
      headers: { 'if-none-match': '*' },
      body: Buffer.from(JSON.stringify(record)),
    })
    // If a response was lost, the request was sent twice, and the stored record is ours.
    if (status === 412 && (await this.#find(id))?.record.hash !== record.hash)
      throw new Error(`the key id ${id} is taken`)
    return { ...describeKey(id, record), key: text }
  }

  /** Sets the end of a key, unless it ends earlier. Retries if the record changes meanwhile. */
  async #end(id: string, at: Date): Promise<void> {
    for (;;) {
      const known = await this.#find(id)
      if (
        !known ||
        (known.record.expiresAt !== undefined && Date.parse(known.record.expiresAt) <= at.getTime())
      )
        return
      const call = { params: paramsOf(id), headers: { 'if-match': known.etag } }
      const body = Buffer.from(JSON.stringify({ ...known.record, expiresAt: at.toISOString() }))
      const isOver = at <= this.#now()
      const { status } = await (isOver
        ? this.#kv.deleteKey(call)
        : this.#kv.setKey({ ...call, querystring: {}, body }))
      if (status !== 412) return
    }
  }

  async #find(id: string): Promise<{ record: KeyRecord; etag: string } | undefined> {
    if (!Value.Check(KeyId, id)) return undefined
    const reply = await this.#kv.getKey({ params: paramsOf(id), querystring: {}, headers: {} })
    if (reply.status !== 200) return undefined
    const record = readJson(KeyRecord, await reply.body.bytes())
    return record && { record, etag: String(reply.headers.etag) }
  }
}

/** Undefined if the entry of kv-config is not an API key: another program may have written it. */
export function readKeyRecord(key: string, value: Uint8Array): { id: string; record: KeyRecord } | undefined {
  const id = key.slice(keyPrefix.length)
  const record = Value.Check(KeyId, id) ? readJson(KeyRecord, value) : undefined
  return record && { id, record }
}

export function describeKey(id: string, { hash: _, ...record }: KeyRecord): KeyDescription {
  return { id, ...record }
}

function paramsOf(id: string): { '*': string } {
  return { '*': `${keyPrefix}${id}` }
}
