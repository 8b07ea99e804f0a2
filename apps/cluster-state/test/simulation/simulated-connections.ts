import type { SimulatedTime } from './simulated-time.ts'

/** One way, within a data centre. */
const latencyMs = { least: 0.2, most: 2 }
/** Of a TCP segment on Ethernet: what it carries at most, and its Ethernet, IP and TCP heads. */
const segmentBytes = { most: 1448, heads: 66 }
/**
 * A lost segment is sent again after this, then after twice that, and so on: Linux's least (TCP_RTO_MIN), and RFC 6298
 * for one that opens a connection.
 */
const resendMs = { data: 200, opening: 1000 }
/** A connection that wasn't used for so long is closed: Fastify's 72 s, of which undici takes one off. */
const idleMs = 71_000
/** Nobody waits longer for anything. */
const hopelessMs = 60_000

/** How long TCP takes over a network that loses packets, and the bytes that go over it. */
export class SimulatedConnections {
  sentBytes = 0
  readonly #time: SimulatedTime
  readonly #random: () => number
  readonly #loss: number
  /** When each was last used. */
  readonly #open = new Map<string, number>()

  constructor(time: SimulatedTime, random: () => number, loss: number) {
    this.#time = time
    this.#random = random
    this.#loss = loss
  }

  /** Milliseconds until there is a connection: none if there is one. */
  open(from: string, to: string): number {
    const name = `${from} ${to}`
    const usedAt = this.#open.get(name)
    this.#open.set(name, this.#time.now())
    if (usedAt !== undefined && this.#time.now() - usedAt < idleMs) return 0
    return this.#deliver(0, resendMs.opening) + this.#deliver(0, resendMs.opening)
  }

  /** Milliseconds until so many bytes are there. */
  send(bytes: number): number {
    let slowestMs = 0
    for (let left = bytes; left > 0; left -= segmentBytes.most) {
      slowestMs = Math.max(slowestMs, this.#deliver(Math.min(left, segmentBytes.most), resendMs.data))
    }
    return slowestMs
  }

  drop(from: string, to: string): void {
    this.#open.delete(`${from} ${to}`)
  }

  /** One segment, until it gets through. */
  #deliver(bytes: number, firstResendMs: number): number {
    let passedMs = latencyMs.least + (latencyMs.most - latencyMs.least) * this.#random()
    for (let waitMs = firstResendMs; passedMs < hopelessMs; waitMs *= 2) {
      this.sentBytes += segmentBytes.heads + bytes
      if (this.#random() >= this.#loss) return passedMs
      passedMs += waitMs
    }
    return passedMs
  }
}
