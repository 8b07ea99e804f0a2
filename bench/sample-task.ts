import type { NewTask } from '@darkroom/contracts'

/** The facts about a photograph of 12 megapixels. */
export const sampleFacts = {
  contentType: 'image/jpeg',
  bytes: 3_000_000,
  width: 4000,
  height: 3000,
  frames: 1,
  sha256: 'a'.repeat(64),
}

/** An id for each number, in the form of the ids of tasks. */
export function taskIdOf(number: number): string {
  return `01990000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`
}

/** A task that waits for a channel swap of that photograph. */
export const sampleTask: NewTask = {
  state: 'not-started',
  operations: [{ name: 'swap-channels', order: 'bgr' }],
  original: sampleFacts,
  maxAttempts: 3,
}
