import type { Clock } from '@darkroom/service-kit'

/** A clock that the test advances and sets. */
export class ManualClock implements Clock {
  #ms = Date.now()
  #passedMs = 0
  now = () => this.#ms
  monotonic = () => this.#passedMs

  advance(ms: number): void {
    this.#ms += ms
    this.#passedMs += ms
  }

  set(byMs: number): void {
    this.#ms += byMs
  }
}
