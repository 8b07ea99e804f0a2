import type { Task, Work } from '@darkroom/contracts'

/** A task that was just claimed, as its worker receives it. */
export function workOf({
  id,
  operations,
  variants,
  original: { bytes, sha256 },
  attempts,
  maxAttempts,
  lease,
}: Task): Work {
  if (lease?.durationMs === undefined) throw new Error(`the claimed task ${id} has no lease`)
  const { token, expiresAt, durationMs } = lease
  return {
    id,
    ...(operations && { operations }),
    ...(variants && { variants }),
    original: { bytes, sha256 },
    attempt: attempts,
    ...(attempts >= maxAttempts && { isLastAttempt: true }),
    lease: { token, expiresAt, durationMs },
  }
}
