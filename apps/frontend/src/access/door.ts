import { setTimeout as delay } from 'node:timers/promises'
import type { Access } from '@darkroom/contracts'
import { type Logger, retryLater } from '@darkroom/service-kit'
import type { KeyRing } from '../keys/key-ring.ts'
import { readKeyText } from '../keys/key-text.ts'
import type { Audience } from './audience.ts'
import { anyone, type Caller, callerOf } from './caller.ts'
import { refuseCaller, refuseKey } from './refusals.ts'

export interface DoorOptions {
  audience: Audience
  keys: KeyRing
  logger: Logger
  /** Called with every key that is refused. @throws ServiceProblem 429 for an address that tries too many */
  onRefusedKey(address: string): void
}

export interface Visit {
  authorization: string | undefined
  address: string
  access: Access
}

/** So long a request waits for the first answer of kv-config. */
const patienceMs = 3000

/** Decides on whose behalf a request is made. Once the keys are known that takes microseconds, and waits for nobody. */
export class Door {
  readonly #options: DoorOptions

  constructor(options: DoorOptions) {
    this.#options = options
  }

  /** Whether `admit` can answer. */
  get isReady(): boolean {
    return this.#options.audience === 'open' || this.#options.keys.isKnown
  }

  /** @throws ServiceProblem 503 when kv-config has not said in time who may come in */
  async untilReady(): Promise<void> {
    const { keys } = this.#options
    const patience = new AbortController()
    const late = delay(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)
    await Promise.race([keys.known, late])
    patience.abort()
    if (keys.isKnown) return
    throw retryLater(
      503,
      'keys-unknown',
      'kv-config does not answer, so no API key can be checked; try again',
      1,
    )
  }

  /** @throws ServiceProblem 401, 403 or 429 */
  admit(visit: Visit): Caller {
    const caller = this.#callerOf(visit)
    if (visit.access !== 'operator') return caller
    if (caller.keyId === undefined) throw refuseCaller('no-keys-here')
    if (caller.role !== 'operator') throw refuseCaller('not-an-operator')
    return caller
  }

  /** Whether a caller that was admitted earlier may go on: its key may have ended, or the first key been made. */
  stillAdmits({ keyId }: Pick<Caller, 'keyId'>): boolean {
    const { audience, keys } = this.#options
    return keyId === undefined ? isOpen(audience, keys) : keys.isValid(keyId)
  }

  #callerOf({ authorization, address }: Visit): Caller {
    const { audience, keys } = this.#options
    if (isOpen(audience, keys)) return anyone
    const given = readBearer(authorization)
    if (given === undefined) throw refuseKey(keys.isEmpty ? 'no-key-exists' : 'no-key')
    const text = readKeyText(given)
    const found = text && keys.find(text)
    if (found && !found.hasExpired) return callerOf(found.description)
    const reason = text === undefined ? 'not-a-key' : found ? 'expired' : 'unknown-key'
    this.#options.logger.info({ keyId: text?.id, address, reason }, 'an API key was refused')
    this.#options.onRefusedKey(address)
    throw refuseKey(reason)
  }
}

function isOpen(audience: Audience, keys: KeyRing): boolean {
  return audience === 'open' || (audience === 'as-configured' && !keys.wantsKeys)
}

/** What RFC 6750 sends; the scheme in any case (RFC 9110, 11.1). Undefined for no token, and for other schemes. */
function readBearer(authorization = ''): string | undefined {
  return /^bearer +(.+)$/i.exec(authorization)?.[1]?.trim()
}
