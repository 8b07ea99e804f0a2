import { timingSafeEqual } from 'node:crypto'
import { AuthMode, authSetting, type KeyDescription, keyPrefix } from '@darkroom/contracts'
import { type Logger, readJson, type ServiceClients, watchPrefix } from '@darkroom/service-kit'
import { hashKey, type KeyText } from './key-text.ts'
import type { LocalFacts } from './local-facts.ts'
import { describeKey, readKeyRecord } from './manage-keys.ts'

interface KnownKey {
  description: KeyDescription
  hash: Buffer
  /** In milliseconds since 1970; NaN if the record has an instant that `Date` does not support. */
  expiresAt: number
}

/** Compared with unknown keys, so that checking them takes the same time. */
const hashOfNoKey = Buffer.alloc(32)

/**
 * The API keys in kv-config, and the setting that requires them. Both are watched, so no request needs a call to
 * kv-config. While kv-config is unavailable, the last known keys and setting stay valid.
 */
export class KeyRing {
  readonly #logger: Logger
  /** Once keys were required they always are, even if kv-config is emptied or restored from a backup. */
  readonly #localFacts: LocalFacts
  readonly #closing = new AbortController()
  readonly #watching: Promise<unknown>
  readonly #firstRead = Promise.withResolvers<void>()
  #keys: ReadonlyMap<string, KnownKey> | undefined
  #isSettingKnown = false
  #setting: AuthMode | undefined

  constructor({
    kv,
    logger,
    localFacts,
  }: { kv: ServiceClients['kv']; logger: Logger; localFacts: LocalFacts }) {
    this.#logger = logger
    this.#localFacts = localFacts
    const watch = (prefix: string, onChange: (values: Map<string, Uint8Array>) => void) =>
      watchPrefix({ kv, logger, prefix, signal: this.#closing.signal, onChange })
    this.#watching = Promise.all([
      watch(keyPrefix, values => this.#takeKeys(values)),
      watch(authSetting, values => this.#takeSetting(values.get(authSetting))),
    ])
  }

  /** Whether keys and setting have been read; then `known` resolves. */
  get isKnown(): boolean {
    return this.#keys !== undefined && this.#isSettingKnown
  }

  get known(): Promise<void> {
    return this.#firstRead.promise
  }

  get isEmpty(): boolean {
    return this.#keys?.size === 0
  }

  /** Whether requests need a key: the setting is not `open`, and it is or was `keys`, or a key exists or existed. */
  get requiresKeys(): boolean {
    return this.#setting !== 'open' && this.#localFacts.requiredKeys
  }

  /** Finds a key by its text, also if it has expired. */
  find({ id, text }: KeyText): { description: KeyDescription; hasExpired: boolean } | undefined {
    const known = this.#keys?.get(id)
    const isRight = timingSafeEqual(hashKey(text), known?.hash ?? hashOfNoKey)
    if (!known || !isRight) return undefined
    return { description: known.description, hasExpired: !this.isValid(id) }
  }

  describe(id: string): KeyDescription | undefined {
    return this.#keys?.get(id)?.description
  }

  /** Whether a key exists and has not expired. */
  isValid(id: string): boolean {
    const known = this.#keys?.get(id)
    return known !== undefined && known.expiresAt > Date.now()
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }

  #takeKeys(values: Map<string, Uint8Array>): void {
    const keys = new Map<string, KnownKey>()
    for (const [key, value] of values) {
      const known = readKeyRecord(key, value)
      if (known) {
        const { id, record } = known
        const { hash, expiresAt } = record
        keys.set(id, {
          description: describeKey(id, record),
          hash: Buffer.from(hash, 'hex'),
          expiresAt: expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
        })
      } else this.#logger.warn({ key }, 'skipped a value that is not the record of an API key')
    }
    if (this.#keys) this.#logChanges(this.#keys, keys)
    this.#keys = keys
    if (values.size > 0) this.#localFacts.recordKeysRequired()
    this.#resolveIfKnown()
  }

  #takeSetting(value: Uint8Array | undefined): void {
    this.#isSettingKnown = true
    this.#setting = value && readJson(AuthMode, value)
    // A value that can't be read must not open the frontend.
    if (value !== undefined && this.#setting !== 'open') this.#localFacts.recordKeysRequired()
    this.#resolveIfKnown()
  }

  #resolveIfKnown(): void {
    if (!this.isKnown) return
    this.#firstRead.resolve()
    if (this.isEmpty && this.#setting === undefined && this.#localFacts.requiredKeys)
      this.#logger.error(
        'kv-config contains neither API keys nor the setting that requires them, as it did before; requests still need a key: restore kv-config from a backup, or create another key',
      )
  }

  /** Logs changes at level warn, so that the log also has the changes that were made with the command line. */
  #logChanges(before: ReadonlyMap<string, KnownKey>, after: ReadonlyMap<string, KnownKey>): void {
    for (const [id, { description }] of after) {
      const known = before.get(id)
      if (!known) this.#logger.warn({ key: description }, 'an API key was created')
      else if (
        known.expiresAt !== Date.parse(description.expiresAt ?? '') &&
        description.expiresAt !== undefined
      )
        this.#logger.warn({ key: description }, 'the end of an API key was set')
    }
    for (const [id, { description }] of before)
      if (!after.has(id)) this.#logger.warn({ key: description }, 'an API key was revoked')
  }
}
