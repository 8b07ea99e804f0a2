import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { WebhookSecret } from '@darkroom/contracts'
import { type Static, Type, Value } from '@darkroom/contracts/typebox'
import { type KvClient, unavailable } from '@darkroom/service-kit'
import { deriveKey, readOrMakeRoot } from '../access/signing-keys.ts'

/** The key of an owner's secrets. Images without an owner have a name that no owner can have. */
const keyOf = (owner = '~operators') => `secrets/webhooks/${owner}`
const secretBytes = 32
const secretPrefix = 'whsec_'
/** A notice has a signature by each secret. Thousands would take long, and receivers would refuse such a long header. */
const maxSecrets = 5

const SealedSecret = Type.Object({
  sealed: Type.String(),
  createdAt: Type.String(),
  endsAt: Type.Optional(Type.String()),
})
const SealedSecrets = Type.Object({ secrets: Type.Array(SealedSecret) })
type SealedSecret = Static<typeof SealedSecret>

interface Stored {
  secrets: SealedSecret[]
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

  /** The current secret of an owner, made at its first use. */
  async read(owner: string | undefined): Promise<WebhookSecret> {
    const [current, ...earlier] = await this.#open(
      owner,
      this.#valid((await this.#readOrMake(owner)).secrets),
    )
    if (!current) throw new Error('an owner has no webhook secret')
    return { ...current, earlier: earlier.map(({ createdAt, endsAt = '' }) => ({ createdAt, endsAt })) }
  }

  /** Makes a new secret. The newest earlier secrets still sign for `keepSeconds`, besides the new one. */
  async rotate(owner: string | undefined, keepSeconds: number): Promise<WebhookSecret> {
    const endsAt = new Date(this.#now() + keepSeconds * 1000).toISOString()
    for (;;) {
      const { secrets, etag } = await this.#find(owner)
      const kept = this.#valid(secrets).map(secret => ({
        ...secret,
        endsAt: secret.endsAt !== undefined && secret.endsAt < endsAt ? secret.endsAt : endsAt,
      }))
      const next = [await this.#make(owner), ...(keepSeconds > 0 ? kept.slice(0, maxSecrets - 1) : [])]
      if (await this.#store(owner, next, etag)) return this.read(owner)
    }
  }

  /** All valid secrets of an owner, the newest first: the bytes that sign. */
  async signing(owner: string | undefined): Promise<Buffer[]> {
    const opened = await this.#open(owner, this.#valid((await this.#readOrMake(owner)).secrets))
    return opened.map(({ secret }) => Buffer.from(secret.slice(secretPrefix.length), 'base64'))
  }

  async delete(owner: string): Promise<void> {
    await this.#kv.deleteKey({ params: { '*': keyOf(owner) }, headers: {} })
  }

  async #readOrMake(owner: string | undefined): Promise<Stored> {
    for (;;) {
      const stored = await this.#find(owner)
      if (stored.secrets.length > 0) return stored
      const made = [await this.#make(owner)]
      if (await this.#store(owner, made, stored.etag)) return { secrets: made }
    }
  }

  #valid(secrets: readonly SealedSecret[]): SealedSecret[] {
    return secrets.filter(({ endsAt }) => endsAt === undefined || Date.parse(endsAt) > this.#now())
  }

  async #find(owner: string | undefined): Promise<Stored> {
    const reply = await this.#kv.getKey({ params: { '*': keyOf(owner) }, querystring: {}, headers: {} })
    if (reply.status !== 200) return { secrets: [] }
    const { secrets } = Value.Parse(
      SealedSecrets,
      JSON.parse(Buffer.from(await reply.body.bytes()).toString()),
    )
    return { secrets, etag: String(reply.headers.etag) }
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

  async #open(owner: string | undefined, secrets: readonly SealedSecret[]) {
    const key = await this.#sealingKey()
    return secrets.map(({ sealed, createdAt, endsAt }) => {
      const bytes = Buffer.from(sealed, 'base64')
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
        .setAAD(Buffer.from(keyOf(owner)))
        .setAuthTag(bytes.subarray(12, 28))
      try {
        const secret = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()])
        return { secret: secretPrefix + secret.toString('base64'), createdAt, ...(endsAt && { endsAt }) }
      } catch (cause) {
        const words = 'the webhook secret was sealed under another root secret; rotate it'
        throw unavailable('secret-unreadable', words, 60, cause)
      }
    })
  }
}
