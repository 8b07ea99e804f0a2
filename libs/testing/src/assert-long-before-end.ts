import assert from 'node:assert/strict'

/** Asserts that less than half of a wait has passed: something else than its end has ended it. */
export function assertLongBeforeEnd(startedAt: number, waitSeconds: number): void {
  assert.ok(performance.now() - startedAt < (waitSeconds * 1000) / 2)
}
