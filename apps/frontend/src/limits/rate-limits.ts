import { type Logger, tooManyRequests } from '@darkroom/service-kit'
import type { FastifyReply } from 'fastify'
import { addressGroup } from './address-group.ts'
import { type Allowance, RateLimiter } from './rate-limiter.ts'

export interface RateLimitSettings {
  /** Requests a minute; 0 for any number. */
  requestsPerKey: number
  requestsPerAddress: number
  /** Requests with an invalid key a minute. */
  refusedKeysPerAddress: number
}

export const noLimits: RateLimitSettings = {
  requestsPerKey: 0,
  requestsPerAddress: 0,
  refusedKeysPerAddress: 60,
}

const windowMs = 60_000

/** Limits the requests of each key and each address. Each frontend counts its own requests. */
export class RateLimits {
  readonly #perKey: RateLimiter | undefined
  readonly #perAddress: RateLimiter | undefined
  readonly #refusedKeys: RateLimiter
  readonly #logger: Logger
  readonly #throttled = new Set<string>()

  constructor(
    { requestsPerKey, requestsPerAddress, refusedKeysPerAddress }: RateLimitSettings,
    logger: Logger,
    now?: () => number,
  ) {
    const limiter = (limit: number) => (limit > 0 ? new RateLimiter(limit, windowMs, now) : undefined)
    this.#perKey = limiter(requestsPerKey)
    this.#perAddress = limiter(requestsPerAddress)
    this.#refusedKeys = new RateLimiter(refusedKeysPerAddress, windowMs, now)
    this.#logger = logger
  }

  /** Counts a request, and sets the RateLimit headers of its response. @throws ServiceProblem 429 */
  countRequest({ keyId }: { keyId?: string }, address: string, reply: FastifyReply): void {
    if (this.#perAddress) {
      const allowance = this.#perAddress.take(addressGroup(address))
      setHeaders(reply, 'address', this.#perAddress, allowance)
      if (!allowance.isAllowed) throw tooMany('this address', this.#perAddress, allowance)
    }
    if (this.#perKey && keyId !== undefined) {
      const allowance = this.#perKey.take(keyId)
      setHeaders(reply, 'key', this.#perKey, allowance)
      if (!allowance.isAllowed) throw tooMany('this API key', this.#perKey, allowance)
    }
  }

  /**
   * Counts an invalid key. Valid keys are not throttled, because other clients may share the address.
   *
   * @throws ServiceProblem 429
   */
  countRefusedKey(address: string): void {
    const group = addressGroup(address)
    const { isAllowed, retryAfterSeconds } = this.#refusedKeys.take(group)
    if (isAllowed) {
      this.#throttled.delete(group)
      return
    }
    if (!this.#throttled.has(group)) {
      if (this.#throttled.size >= 1000) this.#throttled.clear()
      this.#throttled.add(group)
      this.#logger.warn({ address }, 'an address sent too many invalid API keys')
    }
    throw tooManyRequests(
      'too-many-refused-keys',
      `this address sent more than ${this.#refusedKeys.limit} invalid API keys within a minute; try again in ${retryAfterSeconds} s, with a valid key`,
      retryAfterSeconds,
    )
  }
}

/**
 * The headers of the current draft (draft-ietf-httpapi-ratelimit-headers-10), and the three headers of earlier drafts,
 * which most clients read. If both limits are set, the headers show the limit of the key.
 */
function setHeaders(
  reply: FastifyReply,
  name: string,
  { limit, windowMs }: RateLimiter,
  allowance: Allowance,
): void {
  const { remaining, resetSeconds } = allowance
  reply.headers({
    'ratelimit-policy': `"${name}";q=${limit};w=${windowMs / 1000}`,
    ratelimit: `"${name}";r=${remaining};t=${resetSeconds}`,
    'ratelimit-limit': limit,
    'ratelimit-remaining': remaining,
    'ratelimit-reset': resetSeconds,
  })
}

function tooMany(who: string, { limit }: RateLimiter, { retryAfterSeconds }: Allowance) {
  const detail = `${who} may send ${limit} requests a minute; try again in ${retryAfterSeconds} s`
  return tooManyRequests('too-many-requests', detail, retryAfterSeconds)
}
