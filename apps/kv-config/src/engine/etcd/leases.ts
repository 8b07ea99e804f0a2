import type { Gateway } from './gateway.ts'
import { LeaseEnds } from './lease-ends.ts'
import type { LeaseAnswer } from './messages.ts'

/**
 * Leases of etcd, of which each belongs to one key. They are counted in whole seconds, have a shortest time (2 s
 * unless etcd is set up otherwise), and end up to half a second late. Ids go beyond what a number holds.
 */
export class Leases {
  readonly #gateway: Gateway
  readonly #ends = new LeaseEnds()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** A new lease of so many seconds; none for none. One that is never used ends by itself. */
  async grant(ttlSeconds: number | undefined): Promise<string | undefined> {
    return ttlSeconds === undefined ? undefined : (await this.#grant(ttlSeconds)).id
  }

  /** The same lease, renewed, if it is one of so many seconds; else a new one. */
  async renewOrGrant(
    standing: string | undefined,
    ttlSeconds: number | undefined,
  ): Promise<string | undefined> {
    if (standing === undefined || ttlSeconds === undefined) return this.grant(ttlSeconds)
    const renewedSeconds = await this.#renew(standing)
    if (renewedSeconds === Math.ceil(ttlSeconds)) return standing
    const granted = await this.#grant(ttlSeconds)
    if (renewedSeconds !== granted.seconds) return granted.id
    this.revoke(granted.id) // shorter than etcd's shortest, as the standing one was
    return standing
  }

  /**
   * When a lease ends; to the second, as etcd doesn't tell more. It is later if another copy has renewed the lease
   * since this one heard of it: etcd is asked again only once that end is reached.
   */
  expiry(id: string): Promise<Date> {
    return this.#ends.of(id, async () => {
      const answer = await this.#gateway.call<LeaseAnswer>('repeatable', 'lease/timetolive', { ID: id })
      return Math.max(0, Number(answer.TTL ?? 0)) // -1 if it has ended since
    })
  }

  /** Ends a lease that no key has any more. Nobody waits for it, as it would end by itself. */
  revoke(id: string): void {
    this.#ends.forget(id)
    this.#gateway.call('repeatable', 'lease/revoke', { ID: id }).catch(() => undefined)
  }

  async #grant(ttlSeconds: number): Promise<{ id: string; seconds: number }> {
    const body = { TTL: String(Math.ceil(ttlSeconds)) }
    const sentAt = this.#ends.now()
    const { ID = '', TTL } = await this.#gateway.call<LeaseAnswer>('repeatable', 'lease/grant', body)
    this.#ends.learn(ID, sentAt, Number(TTL))
    return { id: ID, seconds: Number(TTL) }
  }

  /** For how many seconds it holds anew; undefined if it has ended, which is a 200 without a TTL. */
  async #renew(id: string): Promise<number | undefined> {
    const body = { ID: id }
    const sentAt = this.#ends.now()
    const answer = await this.#gateway.call<{ result?: LeaseAnswer }>('repeatable', 'lease/keepalive', body)
    const seconds = Number(answer.result?.TTL ?? 0)
    if (seconds <= 0) return undefined
    this.#ends.learn(id, sentAt, seconds)
    return seconds
  }
}
