import { setTimeout as delay } from 'node:timers/promises'
import type { Access } from '@darkroom/contracts'
import { type Logger, ServiceProblem, unavailable } from '@darkroom/service-kit'
import type { KeyRing } from '../keys/key-ring.ts'
import { readKeyText } from '../keys/key-text.ts'
import type { AccessMode } from './access-mode.ts'
import { anyone, type Caller, callerWithKey } from './caller.ts'
import { isGrantToken, readGrantToken } from './grant-token.ts'
import { refuseCaller, refuseGrant, refuseKey } from './refusals.ts'
import { readSession } from './session-cookie.ts'
import type { SigningKeys } from './signing-keys.ts'

interface AuthenticatorOptions {
  accessMode: AccessMode
  keys: KeyRing
  signing: Pick<SigningKeys, 'knownKeyFor' | 'wasRead' | 'read'>
  logger: Logger
  /** Called for each refused key. @throws ServiceProblem 429 if the address has sent too many */
  onRefusedKey(address: string): void
}

export interface Credentials {
  authorization: string | undefined
  /** The session that a browser sent with the request. */
  session?: { token: string; isUnsafe: boolean; origin: string | undefined } | undefined
  address: string
  access: Access
}

/** How long a request waits until the keys have been read for the first time. */
const firstReadTimeoutMs = 3000

/** Finds the caller of a request. Once the keys have been read this takes microseconds, without a call to kv-config. */
export class Authenticator {
  readonly #options: AuthenticatorOptions

  constructor(options: AuthenticatorOptions) {
    this.#options = options
  }

  /** Whether `authenticate` can be called. */
  get isReady(): boolean {
    const { accessMode, keys, signing } = this.#options
    return accessMode === 'open' || (keys.isKnown && signing.wasRead)
  }

  /** @throws ServiceProblem 503 if the keys could not be read in time */
  async untilReady(): Promise<void> {
    const { keys, signing } = this.#options
    const giveUp = new AbortController()
    const late = delay(firstReadTimeoutMs, undefined, { signal: giveUp.signal }).catch(() => undefined)
    await Promise.race([Promise.all([keys.known, signing.read]), late])
    giveUp.abort()
    if (this.isReady) return
    throw keysUnknown()
  }

  /** @throws ServiceProblem 401, 403 or 429 */
  authenticate(credentials: Credentials): Caller {
    const caller = this.#callerOf(credentials)
    const { access } = credentials
    if (caller.grant && access !== 'grant') throw refuseCaller('only-a-grant')
    const isForOperators = access === 'operator' || access === 'operator-key'
    if (isForOperators && caller.role !== 'operator') throw refuseCaller('not-an-operator')
    if (access === 'operator-key' && caller.keyId === undefined) throw refuseCaller('no-keys-here')
    return caller
  }

  /**
   * The caller for whom a signed link or token was created: the holder of its key, or a caller without a key. Undefined once
   * the key is revoked or has expired, or the frontend is no longer open.
   */
  callerFor(keyId: string | undefined): Caller | undefined {
    const { accessMode, keys } = this.#options
    if (isOpen(accessMode, keys)) return anyone
    const description = keyId !== undefined && keys.isValid(keyId) ? keys.describe(keyId) : undefined
    return description && callerWithKey(description)
  }

  /** The end of a key in seconds since 1970; infinite for a key without an end, and for an open frontend. */
  endOfKey(keyId: string | undefined): number {
    const { expiresAt } = (keyId !== undefined && this.#options.keys.describe(keyId)) || {}
    return expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) / 1000
  }

  /** Whether an earlier caller still has access: its key may have ended, or the first key may have been created. */
  isStillValid({
    keyId,
    expiresAt = Number.POSITIVE_INFINITY,
  }: Pick<Caller, 'keyId' | 'expiresAt'>): boolean {
    const { accessMode, keys } = this.#options
    if (expiresAt * 1000 <= Date.now()) return false
    return keyId === undefined ? isOpen(accessMode, keys) : keys.isValid(keyId)
  }

  #callerOfSession(session: NonNullable<Credentials['session']>): Caller {
    const { keys, signing } = this.#options
    requireOrigin(session)
    const key = signing.knownKeyFor('sessions')
    const token = key && readSession(session.token, key)
    const description = token && keys.isValid(token.keyId) ? keys.describe(token.keyId) : undefined
    if (!token || !description) throw refuseKey('session-over')
    return { ...callerWithKey(description), expiresAt: token.expiresAt }
  }

  #callerOfGrant(token: string, address: string): Caller {
    const { signing, logger, onRefusedKey } = this.#options
    const key = signing.knownKeyFor('grants')
    if (!key && !signing.wasRead) throw keysUnknown()
    const terms = key && readGrantToken(token, key)
    const caller = terms && terms.expiresAt * 1000 > Date.now() ? this.callerFor(terms.keyId) : undefined
    if (!terms || !caller) {
      logger.info({ grant: terms?.id, address, reason: terms ? 'over' : 'not valid' }, 'a grant was refused')
      if (!terms) onRefusedKey(address)
      throw refuseGrant(terms ? 'over' : 'not-a-grant')
    }
    const { id, expiresAt, keyId } = terms
    const { owner } = caller
    return {
      role: 'user',
      expiresAt,
      grant: { id, expiresAt },
      ...(keyId !== undefined && { keyId }),
      ...(owner !== undefined && { owner }),
    }
  }

  #callerOf({ authorization, address, session }: Credentials): Caller {
    const { accessMode, keys } = this.#options
    const given = readBearer(authorization)
    if (given !== undefined && isGrantToken(given)) return this.#callerOfGrant(given, address)
    if (isOpen(accessMode, keys)) return anyone
    if (given === undefined && session) return this.#callerOfSession(session)
    if (given === undefined) throw refuseKey(keys.isEmpty ? 'no-key-exists' : 'no-key')
    const text = readKeyText(given)
    const found = text && keys.find(text)
    if (found && !found.hasExpired) return callerWithKey(found.description)
    const reason = text === undefined ? 'not-a-key' : found ? 'expired' : 'unknown-key'
    this.#options.logger.info({ keyId: text?.id, address, reason }, 'an API key was refused')
    this.#options.onRefusedKey(address)
    throw refuseKey(reason)
  }
}

/** Every write of a browser has an Origin, which was compared with our own: see refuseForeignOrigins. */
function requireOrigin({ isUnsafe, origin }: NonNullable<Credentials['session']>): void {
  if (isUnsafe && origin === undefined)
    throw new ServiceProblem(
      403,
      'cross-site',
      'a request that changes data with a session cookie needs the header Origin; programs should send an API key instead',
    )
}

function keysUnknown(): ServiceProblem {
  return unavailable('keys-unknown', 'kv-config does not answer, so no API key can be checked; try again', 1)
}

function isOpen(accessMode: AccessMode, keys: KeyRing): boolean {
  return accessMode === 'open' || (accessMode === 'as-configured' && !keys.requiresKeys)
}

/** The bearer token (RFC 6750); the scheme is case-insensitive (RFC 9110, 11.1). Undefined for other schemes. */
function readBearer(authorization = ''): string | undefined {
  return /^bearer +(.+)$/i.exec(authorization)?.[1]?.trim()
}
