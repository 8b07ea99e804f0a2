import assert from 'node:assert/strict'

/** Asserts that less than half of a wait has passed, so that something other than its end has ended it. */
export function assertLongBeforeEnd(startedAt: number, waitSeconds: number): void {
  assert.ok(performance.now() - startedAt < (waitSeconds * 1000) / 2)
}
