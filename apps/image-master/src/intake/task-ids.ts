import { randomBytes, randomInt } from 'node:crypto'
import type { Clock } from '@darkroom/service-kit'

/** The maximum of 12 bits; each millisecond starts in the lower half, to leave room for counting. */
const maxCount = 0xfff

interface TaskIdsOptions {
  clock: Pick<Clock, 'now'>
  /** The greatest id of any master; read once, before the first id. */
  newest(): Promise<string | undefined>
}

/**
 * Generates ids of tasks, each greater than all before it: UUIDs of version 7 with a counter (RFC 9562, 6.2, method
 * 1). While the clock is behind the last id, because it was set back, the counter continues from there; after a
 * restart, it continues from the newest task. Ids of two masters are ordered only by their clocks.
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

  /** @throws the error of reading the newest id; the next call retries */
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
