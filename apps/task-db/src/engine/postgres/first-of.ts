import { setTimeout as delay } from 'node:timers/promises'

/**
 * Returns the result of the first attempt that succeeds. Attempts start in their order, the next attempt when the earlier
 * attempts have failed or have taken `headStartMs` (as in RFC 8305, "Happy Eyeballs"). At the end, the signals of the
 * attempts that are still running are aborted.
 *
 * @throws AggregateError with all errors, in order
 */
export async function firstOf<Result>(
  attempts: readonly ((signal: AbortSignal) => Promise<Result>)[],
  headStartMs: number,
): Promise<Result> {
  const end = new AbortController()
  let turn: Promise<unknown> = Promise.resolve()
  const results = attempts.map(attempt => {
    const result = turn.then(() => {
      end.signal.throwIfAborted()
      return attempt(end.signal)
    })
    const failed = result.then(
      () => undefined,
      () => undefined,
    )
    turn = turn.then(() => Promise.race([failed, delay(headStartMs, undefined, { ref: false })]))
    return result
  })
  try {
    return await Promise.any(results)
  } finally {
    end.abort()
  }
}
