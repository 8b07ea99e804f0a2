import { hkdfSync, randomBytes } from 'node:crypto'
import { type KvClient, type Logger, retryLater, watchPrefix } from '@darkroom/service-kit'

/** One secret, from which every frontend derives the same keys. */
const rootKey = 'secrets/frontend/root'
const rootBytes = 32
const firstReadMs = 3000

/** What keys are derived for. A key for one purpose is never valid for another. */
export type Purpose = 'webhook secrets' | 'grants' | 'links' | 'sessions'

/** Derives the key of a purpose (HKDF, RFC 5869): 32 bytes. */
export function deriveKey(root: Uint8Array, purpose: Purpose): Buffer {
  return Buffer.from(hkdfSync('sha256', root, '', `darkroom ${purpose}`, 32))
}

/** Reads the root secret; makes it if there is none. When several make it at once, all get the same secret. */
export async function readOrMakeRoot(kv: KvClient, made = randomBytes(rootBytes)): Promise<Uint8Array> {
  const params = { '*': rootKey }
  for (;;) {
    const known = await kv.getKey({ params, querystring: {}, headers: {} })
    if (known.status === 200) return known.body.bytes()
    const { status } = await kv.setKey({
      params,
      querystring: {},
      headers: { 'if-none-match': '*' },
      body: made,
    })
    if (status !== 412) return made
  }
}

/**
 * The keys with which frontends sign and seal. The root secret in kv-config is made at its first use and watched, so that
 * a changed one takes effect. If it vanishes, because kv-config was emptied, it is put back.
 */
export class SigningKeys {
  readonly #kv: KvClient
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>
  readonly #firstRead = Promise.withResolvers<void>()
  readonly #keys = new Map<Purpose, Buffer>()
  #root: Uint8Array | undefined
  #wasRead = false
  #making: Promise<unknown> | undefined

  constructor({ kv, logger }: { kv: KvClient; logger: Logger }) {
    this.#kv = kv
    this.#logger = logger
    this.#watching = watchPrefix({
      kv,
      logger,
      prefix: rootKey,
      signal: this.#closing.signal,
      onChange: values => {
        const root = values.get(rootKey)
        if (root) this.#take(root)
        else if (this.#root) void this.#make(this.#root)
        this.#wasRead = true
        this.#firstRead.resolve()
      },
    })
  }

  /** Whether kv-config was read, so that it is known whether there is a root secret; then `read` resolves. */
  get wasRead(): boolean {
    return this.#wasRead
  }

  get read(): Promise<void> {
    return this.#firstRead.promise
  }

  /** @throws ServiceProblem 503 while kv-config has not answered */
  async keyFor(purpose: Purpose): Promise<Buffer> {
    await this.#untilRead()
    while (!this.#root) await this.#make()
    return this.knownKeyFor(purpose) ?? unknown()
  }

  /** Undefined before the root secret has been read or made. */
  knownKeyFor(purpose: Purpose): Buffer | undefined {
    if (!this.#root) return undefined
    const known = this.#keys.get(purpose) ?? deriveKey(this.#root, purpose)
    this.#keys.set(purpose, known)
    return known
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
    await this.#making?.catch(() => undefined)
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

  #make(root?: Uint8Array): Promise<unknown> {
    this.#making ??= readOrMakeRoot(this.#kv, root && Buffer.from(root))
      .then(made => this.#take(made))
      .finally(() => (this.#making = undefined))
    if (root)
      this.#making.catch(error => this.#logger.warn({ err: error }, 'the root secret could not be put back'))
    return this.#making
  }

  #take(root: Uint8Array): void {
    if (this.#root && Buffer.compare(this.#root, root) === 0) return
    if (this.#root) this.#logger.error('the root secret of the frontends was changed: what it signed is void')
    this.#root = root
    this.#keys.clear()
  }
}

function unknown(): never {
  throw unknownKey()
}

function unknownKey() {
  return retryLater(503, 'keys-unknown', 'kv-config does not answer, so nothing can be signed; try again', 1)
}
