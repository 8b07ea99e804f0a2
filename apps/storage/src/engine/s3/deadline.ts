/** Has the same `name` as the timeouts of AWS's client. */
export class DeadlineExceeded extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Runs `work`, with all its requests and retries, and rejects if it takes longer than `ms` milliseconds. The client's waits
 * between attempts count, too, although no signal ends them. Once `work` is done, the signal is never aborted, so that the
 * body of a response can be read for as long as it takes.
 *
 * @throws DeadlineExceeded
 */
export async function within<Result>(
  ms: number,
  work: (abortSignal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new DeadlineExceeded(`no response within ${ms} milliseconds`))
    deadline.abort()
  }, ms)
  try {
    return await Promise.race([work(deadline.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
