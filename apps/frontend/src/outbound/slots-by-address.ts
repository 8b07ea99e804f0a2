import type { Connector } from '@darkroom/service-kit/undici'
import { addressGroup } from '../limits/address-group.ts'
import { OutboundFailure } from './outbound-failure.ts'

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

/**
 * The addresses with a free slot. Each holds its slot until there is a connection; then only the address of the connection
 * keeps its slot.
 *
 * @throws OutboundFailure if no slot is free
 */
export function takeSlots(addresses: readonly string[], slots: SlotsByAddress, callback: Connector.Callback) {
  const taken = new Map<string, Disposable>()
  for (const address of new Set(addresses)) {
    const slot = slots.take(address)
    if (slot) taken.set(address, slot)
  }
  if (taken.size === 0) throw new OutboundFailure('busy')
  const free = () => {
    for (const slot of taken.values()) slot[Symbol.dispose]()
    taken.clear()
  }
  const finish: Connector.Callback = (...[error, socket]) => {
    if (!socket) {
      free()
      callback(error as Error, null)
      return
    }
    for (const [address, slot] of taken) {
      if (taken.size === 1 || address === socket.remoteAddress) continue
      slot[Symbol.dispose]()
      taken.delete(address)
    }
    if (socket.destroyed) free()
    else socket.once('close', free)
    callback(null, socket)
  }
  return { addresses: [...taken.keys()], finish }
}
