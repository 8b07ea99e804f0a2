import type { SimulatedTime } from './simulated-time.ts'

/** The one-way latency within a data centre. */
const latencyMs = { least: 0.2, most: 2 }
/** The payload of a full TCP segment on Ethernet, and the bytes of its Ethernet, IP and TCP headers. */
const segmentBytes = { most: 1448, heads: 66 }
/**
 * A lost segment is sent again after this time, then after twice that, and so on: Linux's minimum (TCP_RTO_MIN), and
 * the value of RFC 6298 for a segment that opens a connection.
 */
const resendMs = { data: 200, opening: 1000 }
/** When an idle connection is closed: Fastify's 72 s, minus one second by undici. */
const idleMs = 71_000
/** The longest timeout of any request, after which the segment counts as lost. */
const giveUpMs = 60_000

/** Simulates the time and the bytes that TCP needs on a network that loses packets. */
export class SimulatedConnections {
  sentBytes = 0
  readonly #time: SimulatedTime
  readonly #random: () => number
  readonly #loss: number
  /** When each connection was last used. */
  readonly #open = new Map<string, number>()

  constructor(time: SimulatedTime, random: () => number, loss: number) {
    this.#time = time
    this.#random = random
    this.#loss = loss
  }

  /** Milliseconds until the connection is open; 0 if it is. */
  open(from: string, to: string): number {
    const name = `${from} ${to}`
    const usedAt = this.#open.get(name)
    this.#open.set(name, this.#time.now())
    if (usedAt !== undefined && this.#time.now() - usedAt < idleMs) return 0
    return this.#deliver(0, resendMs.opening) + this.#deliver(0, resendMs.opening)
  }

  /** Milliseconds until `bytes` bytes have arrived. */
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

  /** Milliseconds until one segment has arrived. */
  #deliver(bytes: number, firstResendMs: number): number {
    let passedMs = latencyMs.least + (latencyMs.most - latencyMs.least) * this.#random()
    for (let waitMs = firstResendMs; passedMs < giveUpMs; waitMs *= 2) {
      this.sentBytes += segmentBytes.heads + bytes
      if (this.#random() >= this.#loss) return passedMs
      passedMs += waitMs
    }
    return passedMs
  }
}
