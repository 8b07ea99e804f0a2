import type { Clock } from '@darkroom/service-kit'

/** A clock that gains more than this between two checks was set forward. */
const driftMs = 1000
/** How long the clock must show a jump ahead before it is accepted. */
const cautionMs = 3_600_000

/**
 * The time of day by which old images are deleted. If the clock is set ahead by mistake, everything looks old; so a
 * jump ahead is accepted only if the clock still shows it an hour later. A clock that is set back is accepted at
 * once.
 */
export class CautiousTime {
  readonly #clock: Clock
  /** By how much the accepted time of day is ahead of the monotonic time. */
  #aheadMs: number
  /** A jump that is not accepted yet. */
  #jump: { aheadMs: number; since: number } | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#aheadMs = clock.now() - clock.monotonic()
  }

  /** The time in milliseconds since 1970. Jumps are noticed only by calling this. */
  now(): number {
    const at = this.#clock.monotonic()
    const aheadMs = this.#clock.now() - at
    if (aheadMs <= this.#aheadMs + driftMs) {
      this.#aheadMs = aheadMs
      this.#jump = undefined
    } else if (!this.#jump || aheadMs > this.#jump.aheadMs + driftMs) {
      this.#jump = { aheadMs, since: at }
    } else if (at - this.#jump.since >= cautionMs) {
      this.#aheadMs = aheadMs
      this.#jump = undefined
    }
    return at + this.#aheadMs
  }
}
