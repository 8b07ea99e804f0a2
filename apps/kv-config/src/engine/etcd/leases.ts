import type { Gateway } from './gateway.ts'
import { LeaseEnds } from './lease-ends.ts'
import type { LeaseResponse } from './messages.ts'

/**
 * Leases of etcd, each for one key. They are in whole seconds, have a minimum (2 s by default), and end up to half a
 * second late. Their ids are larger than a double can represent.
 */
export class Leases {
  readonly #gateway: Gateway
  readonly #ends = new LeaseEnds()

  constructor(gateway: Gateway) {
    this.#gateway = gateway
  }

  /** A new lease of this many seconds; undefined without `ttlSeconds`. An unused lease expires by itself. */
  async grant(ttlSeconds: number | undefined): Promise<string | undefined> {
    return ttlSeconds === undefined ? undefined : (await this.#grant(ttlSeconds)).id
  }

  /** Renews the lease if it has this duration; otherwise creates a new lease. */
  async renewOrGrant(
    current: string | undefined,
    ttlSeconds: number | undefined,
  ): Promise<string | undefined> {
    if (current === undefined || ttlSeconds === undefined) return this.grant(ttlSeconds)
    const renewedSeconds = await this.#renew(current)
    if (renewedSeconds === Math.ceil(ttlSeconds)) return current
    const granted = await this.#grant(ttlSeconds)
    if (renewedSeconds !== granted.seconds) return granted.id
    this.revoke(granted.id) // both are shorter than etcd's minimum
    return current
  }

  /**
   * When a lease ends, in whole seconds, like etcd's response. It ends later if another copy has renewed it since: etcd
   * is queried again only when the known end has passed.
   */
  expiry(id: string): Promise<Date> {
    return this.#ends.endOf(id, async () => {
      const response = await this.#gateway.call<LeaseResponse>('repeatable', 'lease/timetolive', { ID: id })
      return Math.max(0, Number(response.TTL ?? 0)) // -1 if it has ended since
    })
  }

  /** Revokes a lease that no longer has a key. Not awaited, because the lease would expire by itself. */
  revoke(id: string): void {
    this.#ends.forget(id)
    this.#gateway.call('repeatable', 'lease/revoke', { ID: id }).catch(() => undefined)
  }

  async #grant(ttlSeconds: number): Promise<{ id: string; seconds: number }> {
    const body = { TTL: String(Math.ceil(ttlSeconds)) }
    const sentAt = this.#ends.now()
    const { ID = '', TTL } = await this.#gateway.call<LeaseResponse>('repeatable', 'lease/grant', body)
    this.#ends.record(ID, sentAt, Number(TTL))
    return { id: ID, seconds: Number(TTL) }
  }

  /** The new duration in seconds; undefined if the lease has expired, which etcd answers with 200 and no TTL. */
  async #renew(id: string): Promise<number | undefined> {
    const body = { ID: id }
    const sentAt = this.#ends.now()
    const response = await this.#gateway.call<{ result?: LeaseResponse }>(
      'repeatable',
      'lease/keepalive',
      body,
    )
    const seconds = Number(response.result?.TTL ?? 0)
    if (seconds <= 0) return undefined
    this.#ends.record(id, sentAt, seconds)
    return seconds
  }
}
