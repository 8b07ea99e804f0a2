import { type Logger, retryLater } from '@darkroom/service-kit'
import type { FastifyReply } from 'fastify'
import type { Caller } from '../access/caller.ts'
import { addressGroup } from './address-group.ts'
import { type Allowance, RateLimiter } from './rate-limiter.ts'

export interface RateLimitSettings {
  /** Requests a minute; 0: as many as they like. */
  requestsPerKey: number
  requestsPerAddress: number
  /** Requests a minute with a key that is not valid. */
  refusedKeysPerAddress: number
}

export const noLimits: RateLimitSettings = {
  requestsPerKey: 0,
  requestsPerAddress: 0,
  refusedKeysPerAddress: 60,
}

const windowMs = 60_000

/** How often one key, and one address, may ask. Each frontend counts for itself. */
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

  /** Counts a request, and has its answer say what is left. @throws ServiceProblem 429 */
  countRequest({ keyId }: Pick<Caller, 'keyId'>, address: string, reply: FastifyReply): void {
    if (this.#perAddress) {
      const allowance = this.#perAddress.take(addressGroup(address))
      tell(reply, 'address', this.#perAddress, allowance)
      if (!allowance.isAllowed) throw tooMany('this address', this.#perAddress, allowance)
    }
    if (this.#perKey && keyId !== undefined) {
      const allowance = this.#perKey.take(keyId)
      tell(reply, 'key', this.#perKey, allowance)
      if (!allowance.isAllowed) throw tooMany('this API key', this.#perKey, allowance)
    }
  }

  /** Counts a key that was not valid. Valid ones always pass: others behind the same address may use them. @throws ServiceProblem 429 */
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
      this.#logger.warn({ address }, 'an address tried too many API keys that are not valid')
    }
    throw retryLater(
      429,
      'too-many-refused-keys',
      `this address sent more than ${this.#refusedKeys.limit} invalid API keys within a minute; try again in ${retryAfterSeconds} s, with a valid key`,
      retryAfterSeconds,
    )
  }
}

/**
 * Both as the present draft of the IETF has it (draft-ietf-httpapi-ratelimit-headers-10), and by the three headers of
 * earlier drafts, which most clients read. Where two limits hold, the last one told is that of the key.
 */
function tell(
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
  const words = `${who} may send ${limit} requests a minute; try again in ${retryAfterSeconds} s`
  return retryLater(429, 'too-many-requests', words, retryAfterSeconds)
}
