import { randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '@darkroom/service-kit'

/** What 12 bits hold; each millisecond begins in the lower half, so that there is room to count on. */
const maxCount = 0xfff

interface TaskIdsOptions {
  clock: Pick<Clock, 'now'>
  /** The greatest id there is, of whatever master; asked for once, before the first id. */
  newest(): Promise<string | undefined>
}

/**
 * Ids of tasks, each greater than all before it: UUIDs of version 7 with a counter (RFC 9562, 6.2, method 1). While
 * the clock stands behind the last id, after it was set back, the counter goes on from there; so it does after a
 * restart, from the newest task there is. Ids of two masters are in the order of their clocks only.
 *
 *     48 bits: ms since 1970 | 0111 | 12 bits: count | 10 | 62 bits: random
 */
export class TaskIds {
  readonly #options: TaskIdsOptions
  #begun: Promise<void> | undefined
  #ms = 0
  #count = 0

  constructor(options: TaskIdsOptions) {
    this.#options = options
  }

  /** @throws what asking for the newest id throws; the next call asks again */
  async next(): Promise<string> {
    this.#begun ??= this.#begin()
    await this.#begun
    const now = this.#options.clock.now()
    if (now > this.#ms) this.#startAt(now)
    else if (this.#count < maxCount) this.#count += 1
    else this.#startAt(this.#ms + 1)
    return format(this.#ms, this.#count)
  }

  async #begin(): Promise<void> {
    try {
      const newest = await this.#options.newest()
      if (newest === undefined) return
      const digits = newest.replaceAll('-', '')
      this.#ms = Number.parseInt(digits.slice(0, 12), 16)
      this.#count = Number.parseInt(digits.slice(13, 16), 16)
    } catch (error) {
      this.#begun = undefined
      throw error
    }
  }

  #startAt(ms: number): void {
    this.#ms = ms
    this.#count = randomInt((maxCount + 1) / 2)
  }
}

function format(ms: number, count: number): string {
  const random = randomBytes(8)
  random[0] = 0x80 | (Number(random[0]) & 0x3f)
  const digits = ms.toString(16).padStart(12, '0') + (0x7000 | count).toString(16) + random.toString('hex')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}
