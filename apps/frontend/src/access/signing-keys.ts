import { hkdfSync, randomBytes } from 'node:crypto'
import { type KvClient, type Logger, ServiceProblem, unavailable, watchPrefix } from '@darkroom/service-kit'
import type { LocalFacts } from '../keys/local-facts.ts'

/** The place of the root secret, from which every frontend derives the same keys. */
const rootKey = 'secrets/frontend/root'
const rootBytes = 32
const firstReadMs = 3000

/** The purposes of derived keys. A key for one purpose is never valid for another. */
type Purpose = 'webhook secrets' | 'grants' | 'links' | 'sessions'

/** Derives the key of a purpose (HKDF, RFC 5869): 32 bytes. */
export function deriveKey(root: Uint8Array, purpose: Purpose): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', `darkroom ${purpose}`, 32))
}

/**
 * Reads the root secret, or creates it. If several callers create it at once, all get the same secret.
 *
 * @throws ServiceProblem 503 if kv-config has a value of another length
 */
export async function readOrMakeRoot(kv: KvClient, made = randomBytes(rootBytes)): Promise<Uint8Array> {
  const params = { '*': rootKey }
  for (;;) {
    const known = await kv.getKey({ params, querystring: {}, headers: {} })
    if (known.status === 200) return requireRoot(await known.body.bytes())
    const { status } = await kv.setKey({
      params,
      querystring: {},
      headers: { 'if-none-match': '*' },
      body: made,
    })
    if (status !== 412) return made
  }
}

/** Anyone could guess an empty or short secret, and derive its keys. @throws ServiceProblem 503 */
function requireRoot(root: Uint8Array): Uint8Array {
  if (root.length === rootBytes) return root
  const detail = `${rootKey} in kv-config must have ${rootBytes} bytes, got ${root.length}: an operator must restore it from a backup`
  throw unavailable('signing-secret-not-valid', detail, 60)
}

/**
 * The keys with which frontends sign and encrypt. The root secret in kv-config is created on first use, and watched. If
 * it is deleted, because kv-config was emptied, it is written again. A frontend that has recorded another secret (see
 * LocalFacts), or whose secret was deleted while the frontend was not running, signs and verifies nothing: 503.
 */
export class SigningKeys {
  readonly #kv: KvClient
  readonly #logger: Logger
  readonly #localFacts: LocalFacts
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  readonly #firstRead = Promise.withResolvers<void>()
  readonly #keys = new Map<Purpose, Buffer>()
  #root: Uint8Array | undefined
  #wasRead = false
  /** Why the value in kv-config is not used. */
  #notValid: ServiceProblem | undefined
  #makingRoot: Promise<unknown> | undefined

  constructor({ kv, logger, localFacts }: { kv: KvClient; logger: Logger; localFacts: LocalFacts }) {
    this.#kv = kv
    this.#logger = logger
    this.#localFacts = localFacts
    this.#watching = watchPrefix({
      kv,
      logger,
      prefix: rootKey,
      signal: this.#closing.signal,
      onChange: values => {
        const root = values.get(rootKey)
        this.#read(root)
        if (!root && this.#root) void this.#make(this.#root)
        this.#wasRead = true
        if (this.#isLost && !this.#notValid) this.#logLoss()
        this.#firstRead.resolve()
      },
    })
  }

  /** Whether kv-config was read, and so whether there is a root secret; then `read` resolves. */
  get wasRead(): boolean {
    return this.#wasRead
  }

  get read(): Promise<void> {
    return this.#firstRead.promise
  }

  /** @throws ServiceProblem 503 while kv-config has not answered, or if it no longer has the secret */
  async keyFor(purpose: Purpose): Promise<Buffer> {
    await this.#untilRead()
    this.#requireUsable()
    while (!this.#root) await this.#make()
    return this.#keyOf(this.#root, purpose)
  }

  /**
   * Undefined before the root secret has been read or created.
   *
   * @throws ServiceProblem 503 if kv-config no longer has it, or has a value that can't be a secret
   */
  knownKeyFor(purpose: Purpose): Buffer | undefined {
    this.#requireUsable()
    return this.#root && this.#keyOf(this.#root, purpose)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
    await this.#makingRoot?.catch(() => undefined)
  }

  async #untilRead(): Promise<void> {
    if (this.#root) return
    const late = AbortSignal.timeout(firstReadMs)
    await Promise.race([
      this.#firstRead.promise,
      new Promise<void>((_resolve, reject) =>
        late.addEventListener('abort', () => reject(unknownKey()), { once: true }),
      ),
    ])
  }

  #keyOf(root: Uint8Array, purpose: Purpose): Buffer {
    const key = this.#keys.get(purpose) ?? deriveKey(root, purpose)
    this.#keys.set(purpose, key)
    return key
  }

  #requireUsable(): void {
    if (this.#root) return
    if (this.#notValid) throw this.#notValid
    if (this.#isLost) throw lost()
  }

  /** A value that is not valid does not replace a known secret. */
  #read(root: Uint8Array | undefined): void {
    this.#notValid = undefined
    try {
      if (root) this.#take(requireRoot(root))
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error
      this.#notValid = error
      this.#logger.error(error.message)
    }
  }

  /** Whether kv-config lost the secret that this frontend used, or has another. */
  get #isLost(): boolean {
    return this.#wasRead && !this.#root && this.#localFacts.hasSecret
  }

  #logLoss(): void {
    const message =
      'kv-config does not contain the signing secret that this frontend used: it was emptied, or restored from another backup. Links, grants, sessions and webhooks are refused (503) until a backup with the secret is restored; or delete the file and restart: then everything that was signed before is invalid'
    this.#logger.error({ file: this.#localFacts.secretPath }, message)
  }

  #make(root?: Uint8Array): Promise<unknown> {
    this.#makingRoot ??= readOrMakeRoot(this.#kv, root && Buffer.from(root))
      .then(made => this.#take(made))
      .finally(() => (this.#makingRoot = undefined))
    if (root)
      this.#makingRoot.catch(error =>
        this.#logger.warn({ err: error }, 'the root secret could not be written again'),
      )
    return this.#makingRoot
  }

  #take(root: Uint8Array): void {
    if (this.#root && Buffer.compare(this.#root, root) === 0) return
    if (!this.#localFacts.allowsSecret(root)) {
      if (this.#root) this.#logLoss()
      return
    }
    if (this.#root)
      this.#logger.error(
        'the root secret of the frontends was changed: earlier signatures are no longer valid',
      )
    this.#localFacts.recordSecret(root)
    this.#root = root
    this.#keys.clear()
  }
}

function lost() {
  const detail =
    "kv-config lost the secret that signs links, grants and sessions; the frontend's log explains what operators can do"
  return unavailable('signing-secret-lost', detail, 60)
}

function unknownKey() {
  return unavailable('keys-unknown', 'kv-config does not answer, so nothing can be signed; try again', 1)
}
