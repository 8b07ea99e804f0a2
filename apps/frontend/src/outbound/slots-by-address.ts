import { addressGroup } from '../limits/address-group.ts'

/** Limits the simultaneous connections to each address. The 64-bit network of an IPv6 address counts as one address. */
export class SlotsByAddress {
  readonly #limit: number
  readonly #used = new Map<string, number>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Takes a slot for a connection; undefined if none is free. Dispose of it (once) to free the slot. */
  take(address: string): Disposable | undefined {
    const group = addressGroup(address)
    const used = this.#used.get(group) ?? 0
    if (used >= this.#limit) return undefined
    this.#used.set(group, used + 1)
    return { [Symbol.dispose]: () => this.#free(group) }
  }

  #free(group: string): void {
    const used = (this.#used.get(group) ?? 0) - 1
    if (used > 0) this.#used.set(group, used)
    else this.#used.delete(group)
  }
}
