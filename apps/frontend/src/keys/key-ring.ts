import { timingSafeEqual } from 'node:crypto'
import { AuthMode, authSetting, type KeyDescription, keyPrefix } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type Logger, type ServiceClients, watchPrefix } from '@darkroom/service-kit'
import { hashKey, type KeyText } from './key-text.ts'
import { describeKey, readKeyRecord } from './manage-keys.ts'

interface KnownKey {
  description: KeyDescription
  hash: Buffer
  /** In milliseconds since 1970. */
  expiresAt: number
}

/** An unknown key is compared with this, so that it takes the same time. */
const nobody = Buffer.alloc(32)

/**
 * The API keys that kv-config knows, and whether it says that they are wanted. Both are watched, so that a request
 * waits for nobody. While kv-config is away, what was known stands.
 */
export class KeyRing {
  readonly #logger: Logger
  readonly #closing = new AbortController()
  readonly #watching: Promise<unknown>
  readonly #firstRead = Promise.withResolvers<void>()
  #keys: ReadonlyMap<string, KnownKey> | undefined
  #isSettingKnown = false
  #setting: AuthMode | undefined
  /** Holds until the process ends, though kv-config be emptied, or restored from a backup. */
  #didWantKeys = false

  constructor({ kv, logger }: { kv: ServiceClients['kv']; logger: Logger }) {
    this.#logger = logger
    const watch = (prefix: string, onChange: (values: Map<string, Uint8Array>) => void) =>
      watchPrefix({ kv, logger, prefix, signal: this.#closing.signal, onChange })
    this.#watching = Promise.all([
      watch(keyPrefix, values => this.#takeKeys(values)),
      watch(authSetting, values => this.#takeSetting(values.get(authSetting))),
    ])
  }

  /** Whether both were read; `known` resolves then. */
  get isKnown(): boolean {
    return this.#keys !== undefined && this.#isSettingKnown
  }

  get known(): Promise<void> {
    return this.#firstRead.promise
  }

  get isEmpty(): boolean {
    return this.#keys?.size === 0
  }

  /** Whether kv-config says that keys are wanted, or did so before; where it says nothing, whether it knows any. */
  get wantsKeys(): boolean {
    return this.#setting !== 'open' && this.#didWantKeys
  }

  /** The key with this text, also after its end. */
  find({ id, text }: KeyText): { description: KeyDescription; hasExpired: boolean } | undefined {
    const known = this.#keys?.get(id)
    const isRight = timingSafeEqual(hashKey(text), known?.hash ?? nobody)
    if (!known || !isRight) return undefined
    return { description: known.description, hasExpired: known.expiresAt <= Date.now() }
  }

  /** Whether a key exists, and has not ended. */
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
      const id = key.slice(keyPrefix.length)
      const record = readKeyRecord(value)
      if (record) {
        const { hash, expiresAt } = record
        keys.set(id, {
          description: describeKey(id, record),
          hash: Buffer.from(hash, 'hex'),
          expiresAt: expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
        })
      } else this.#logger.warn({ key }, 'this is not the record of an API key and is passed over')
    }
    if (this.#keys) this.#logChanges(this.#keys, keys)
    this.#keys = keys
    this.#didWantKeys ||= values.size > 0
    if (this.isKnown) this.#firstRead.resolve()
  }

  #takeSetting(value: Uint8Array | undefined): void {
    this.#isSettingKnown = true
    this.#setting = value && readMode(value)
    // A value that can't be read is no reason to let everybody in.
    this.#didWantKeys ||= value !== undefined && this.#setting !== 'open'
    if (this.isKnown) this.#firstRead.resolve()
  }

  /** On level warn, so that every act with keys is in the log, by whichever way it came. */
  #logChanges(before: ReadonlyMap<string, KnownKey>, after: ReadonlyMap<string, KnownKey>): void {
    for (const [id, { description }] of after) {
      const known = before.get(id)
      if (!known) this.#logger.warn({ key: description }, 'an API key was made')
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

function readMode(value: Uint8Array): AuthMode | undefined {
  try {
    const mode: unknown = JSON.parse(Buffer.from(value).toString())
    return Value.Check(AuthMode, mode) ? mode : undefined
  } catch {
    return undefined
  }
}
