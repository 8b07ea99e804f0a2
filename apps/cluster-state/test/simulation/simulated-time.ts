import { setImmediate as promisesSettled } from 'node:timers/promises'
import type { Clock } from '../../src/node/clock.ts'

interface Timer {
  at: number
  /** Timers of the same moment run in the order in which they were set. */
  order: number
  run: (() => void) | undefined
}

/**
 * Simulated time, which jumps from timer to timer. Code that uses it must wait only for its timers and for promises.
 */
export class SimulatedTime implements Clock {
  #now = 0
  #setByMs = 0
  #order = 0
  /** A binary heap: the timer at index n is earlier than those at 2n + 1 and 2n + 2. */
  readonly #timers: Timer[] = []

  now(): number {
    return this.#now + this.#setByMs
  }

  monotonic(): number {
    return this.#now
  }

  /** Sets the time of day, forward or back, without letting time pass. */
  set(byMs: number): void {
    this.#setByMs += byMs
  }

  setTimer(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(ms, 0), order: this.#order++, run }
    this.#add(timer)
    return () => {
      timer.run = undefined
    }
  }

  pass(ms: number): Promise<void> {
    return new Promise(resolve => {
      this.setTimer(ms, resolve)
    })
  }

  /** Lets time pass until the condition is true, which is checked after each timer. Returns whether it became true. */
  async runUntil(holds: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs
    await promisesSettled()
    while (!holds()) {
      const next = this.#timers[0]
      if (!next || next.at > end) {
        this.#now = end
        return false
      }
      this.#take()
      if (!next.run) continue
      this.#now = next.at
      next.run()
      await promisesSettled()
    }
    return true
  }

  async run(ms: number): Promise<void> {
    await this.runUntil(() => false, ms)
  }

  #add(timer: Timer): void {
    let place = this.#timers.push(timer) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      if (!this.#swapIfEarlier(place, above)) return
      place = above
    }
  }

  #take(): void {
    const last = this.#timers.pop()
    if (!last || this.#timers.length === 0) return
    this.#timers[0] = last
    for (let place = 0; ; ) {
      const [left, right] = [2 * place + 1, 2 * place + 2]
      const below = this.#isEarlier(right, left) ? right : left
      if (!this.#swapIfEarlier(below, place)) return
      place = below
    }
  }

  #swapIfEarlier(lower: number, upper: number): boolean {
    const [below, above] = [this.#timers[lower], this.#timers[upper]]
    if (!below || !above || !this.#isEarlier(lower, upper)) return false
    this.#timers[upper] = below
    this.#timers[lower] = above
    return true
  }

  #isEarlier(one: number, other: number): boolean {
    const [first, second] = [this.#timers[one], this.#timers[other]]
    if (!first || !second) return false
    return first.at < second.at || (first.at === second.at && first.order < second.order)
  }
}
