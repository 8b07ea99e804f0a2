import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { WebhookSecret } from '@darkroom/contracts'
import { type Static, Type } from '@darkroom/contracts/typebox'
import { type KvClient, readJson, type ServiceProblem, unavailable } from '@darkroom/service-kit'
import { deriveKey, readOrMakeRoot } from '../access/signing-keys.ts'

/** The key of an owner's secrets. For images without an owner, it has a name that no owner can have. */
const keyOf = (owner = '~operators') => `secrets/webhooks/${owner}`
const secretBytes = 32
const secretPrefix = 'whsec_'
/**
 * A notice is signed with each secret. Thousands of signatures would take long, and receivers would refuse such a long
 * header.
 */
const maxSecrets = 5

const SealedSecret = Type.Object({
  sealed: Type.String(),
  createdAt: Type.String(),
  endsAt: Type.Optional(Type.String()),
})
const SealedSecrets = Type.Object({ secrets: Type.Array(SealedSecret) })
type SealedSecret = Static<typeof SealedSecret>

interface Stored {
  /** Undefined if the record is not valid. */
  secrets: SealedSecret[] | undefined
  etag?: string
}

interface WebhookSecretsOptions {
  kv: KvClient
  /** The key that seals secrets: 32 bytes. */
  sealingKey(): Promise<Uint8Array>
  now?: () => number
}

/**
 * The secrets that sign the webhooks of each owner. kv-config keeps them sealed (AES-256-GCM), each bound to its owner.
 */
export class WebhookSecrets {
  readonly #kv: KvClient
  readonly #sealingKey: WebhookSecretsOptions['sealingKey']
  readonly #now: () => number

  constructor({ kv, sealingKey, now = Date.now }: WebhookSecretsOptions) {
    this.#kv = kv
    this.#sealingKey = sealingKey
    this.#now = now
  }

  /** For a short-lived process, which reads the sealing key when it needs it. */
  static inside(kv: KvClient): WebhookSecrets {
    return new WebhookSecrets({
      kv,
      sealingKey: async () => deriveKey(await readOrMakeRoot(kv), 'webhook secrets'),
    })
  }

  /** The current secret of an owner, created on first use. */
  async read(owner: string | undefined): Promise<WebhookSecret> {
    const [current, ...earlier] = await this.#open(owner, this.#valid(await this.#readOrMake(owner)))
    if (!current) throw new Error('an owner has no webhook secret')
    return { ...current, earlier: earlier.map(({ createdAt, endsAt = '' }) => ({ createdAt, endsAt })) }
  }

  /** Creates a new secret. For `keepSeconds`, the newest earlier secrets still sign, too. */
  async rotate(owner: string | undefined, keepSeconds: number): Promise<WebhookSecret> {
    const endsAt = new Date(this.#now() + keepSeconds * 1000).toISOString()
    for (;;) {
      const { secrets = [], etag } = await this.#find(owner)
      const key = await this.#sealingKey()
      const readable = this.#valid(secrets).filter(secret => openSecret(owner, key, secret) !== undefined)
      const kept = readable.map(secret => ({
        ...secret,
        endsAt: secret.endsAt !== undefined && secret.endsAt < endsAt ? secret.endsAt : endsAt,
      }))
      const next = [await this.#make(owner), ...(keepSeconds > 0 ? kept.slice(0, maxSecrets - 1) : [])]
      if (await this.#store(owner, next, etag)) return this.read(owner)
    }
  }

  /** All valid secrets of an owner, the newest first: the bytes that sign. */
  async signing(owner: string | undefined): Promise<Buffer[]> {
    const opened = await this.#open(owner, this.#valid(await this.#readOrMake(owner)))
    return opened.map(({ secret }) => Buffer.from(secret.slice(secretPrefix.length), 'base64'))
  }

  async delete(owner: string): Promise<void> {
    await this.#kv.deleteKey({ params: { '*': keyOf(owner) }, headers: {} })
  }

  async #readOrMake(owner: string | undefined): Promise<SealedSecret[]> {
    for (;;) {
      const { secrets, etag } = await this.#find(owner)
      if (!secrets) throw unreadable('is not valid')
      if (secrets.length > 0) return secrets
      const made = [await this.#make(owner)]
      if (await this.#store(owner, made, etag)) return made
    }
  }

  #valid(secrets: readonly SealedSecret[]): SealedSecret[] {
    return secrets.filter(({ endsAt }) => endsAt === undefined || Date.parse(endsAt) > this.#now())
  }

  async #find(owner: string | undefined): Promise<Stored> {
    const reply = await this.#kv.getKey({ params: { '*': keyOf(owner) }, querystring: {}, headers: {} })
    if (reply.status !== 200) return { secrets: [] }
    const record = readJson(SealedSecrets, await reply.body.bytes())
    return { secrets: record?.secrets, etag: String(reply.headers.etag) }
  }

  /** Returns false if the entry has changed meanwhile. */
  async #store(owner: string | undefined, secrets: SealedSecret[], etag?: string): Promise<boolean> {
    const { status } = await this.#kv.setKey({
      params: { '*': keyOf(owner) },
      querystring: {},
      headers: etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag },
      body: Buffer.from(JSON.stringify({ secrets })),
    })
    return status !== 412
  }

  async #make(owner: string | undefined): Promise<SealedSecret> {
    const nonce = randomBytes(12)
    const cipher = createCipheriv('aes-256-gcm', await this.#sealingKey(), nonce).setAAD(
      Buffer.from(keyOf(owner)),
    )
    const sealed = Buffer.concat([cipher.update(randomBytes(secretBytes)), cipher.final()])
    return {
      sealed: Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64'),
      createdAt: new Date(this.#now()).toISOString(),
    }
  }

  /** @throws ServiceProblem 503 if a secret can't be opened */
  async #open(owner: string | undefined, secrets: readonly SealedSecret[]) {
    const key = await this.#sealingKey()
    return secrets.map(sealed => {
      const { createdAt, endsAt } = sealed
      const secret = openSecret(owner, key, sealed)
      if (secret === undefined) throw unreadable('was sealed under another root secret')
      return { secret, createdAt, ...(endsAt && { endsAt }) }
    })
  }
}

/** Undefined if the secret was sealed with another key or for another owner, or was damaged. */
function openSecret(
  owner: string | undefined,
  key: Uint8Array,
  { sealed }: SealedSecret,
): string | undefined {
  const bytes = Buffer.from(sealed, 'base64')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 })
      .setAAD(Buffer.from(keyOf(owner)))
      .setAuthTag(bytes.subarray(12, 28))
    const secret = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
    return secretPrefix + secret.toString('base64')
  } catch {
    return undefined
  }
}

function unreadable(reason: string): ServiceProblem {
  return unavailable('secret-unreadable', `the webhook secret in kv-config ${reason}; rotate it`, 60)
}
