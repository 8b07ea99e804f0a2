import { setTimeout as delay } from 'node:timers/promises'

/**
 * The result of the first attempt that succeeds. They are begun in their order, the next one when those before have
 * failed or have been silent for `headStartMs` (as in RFC 8305, "Happy Eyeballs"). When it ends, `signal` is aborted
 * for those still under way.
 *
 * @throws AggregateError with the reasons of all, in their order
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
