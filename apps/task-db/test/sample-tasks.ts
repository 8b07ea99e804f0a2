import { type ImageFacts, type NewTask, problemType, type TaskError } from '@darkroom/contracts'
import type { Clock } from '@darkroom/service-kit'

/** Ids in the order of their numbers, like the ids of arriving images. */
export function taskId(number: number): string {
  return `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

export const facts: ImageFacts = {
  contentType: 'image/png',
  bytes: 1234,
  width: 40,
  height: 30,
  frames: 1,
  sha256: 'ab'.repeat(32),
}

export const error: TaskError = {
  type: problemType('undecodable'),
  title: 'Undecodable',
  detail: 'the image is cut off after 100 bytes',
}

export function newTask(given: Partial<NewTask> = {}): NewTask {
  return {
    state: 'not-started',
    operations: [{ name: 'swap-channels', order: 'bgr' }],
    original: facts,
    maxAttempts: 3,
    ...given,
  }
}

/** A clock that the test advances. */
export class ManualClock {
  #ms = Date.parse('2026-01-01T00:00:00.000Z')
  #passedMs = 0
  readonly now = () => new Date(this.#ms)
  readonly clock: Clock = { now: () => this.#ms, monotonic: () => this.#passedMs }

  advance(ms: number): void {
    this.#ms += ms
    this.#passedMs += ms
  }

  /** Sets the time of day, forward or back, without letting time pass. */
  set(byMs: number): void {
    this.#ms += byMs
  }
}
