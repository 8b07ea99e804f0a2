import { type KvClient, keysUnder } from '@darkroom/service-kit'

interface OwnerQuotaOptions {
  kv: KvClient
  /** The maximum number of records of one owner. */
  limit: number
  /** The prefix of an owner's records in kv-config. */
  prefixOf(owner: string | undefined): string
  /** Default: every record counts. */
  isCounted?(value: Buffer): boolean
}

/** A count is shared by all records that begin within this time. */
const countAgeMs = 500
const maxOwners = 1000

/** Limits how many records one owner has in kv-config, across all frontends. */
export class OwnerQuota {
  readonly #options: OwnerQuotaOptions
  readonly #counts = new Map<string, { known: Promise<number>; begun: number; readAt: number }>()

  constructor(options: OwnerQuotaOptions) {
    this.#options = options
  }

  get limit(): number {
    return this.#options.limit
  }

  /** Whether the owner may have one more record, which is then counted. */
  async take(owner: string | undefined): Promise<boolean> {
    const prefix = this.#options.prefixOf(owner)
    const now = performance.now()
    let count = this.#counts.get(prefix)
    if (!count || now - count.readAt > countAgeMs) {
      if (this.#counts.size >= maxOwners) this.#counts.clear()
      count = { known: this.#count(prefix), begun: 0, readAt: now }
      this.#counts.set(prefix, count)
    }
    count.begun += 1
    const place = count.begun
    return (await count.known) + place <= this.limit
  }

  /** Stops counting at the limit. */
  async #count(prefix: string): Promise<number> {
    const { kv, limit, isCounted = () => true } = this.#options
    let count = 0
    for await (const { value } of keysUnder(kv, prefix)) {
      if (isCounted(value)) count += 1
      if (count === limit) break
    }
    return count
  }
}
