/** Named like the timeouts of AWS's client. */
export class TooLate extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Gives `work`, with all its requests and retries, `ms` milliseconds, and then continues without it. This includes
 * the client's waits between attempts, which no signal ends. After `work` is done, the signal is not aborted any
 * more, so that the body of an answer can be read for as long as it takes.
 *
 * @throws TooLate
 */
export async function within<Result>(
  ms: number,
  work: (abortSignal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const deadline = new AbortController()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new TooLate(`no answer within ${ms} milliseconds`))
    deadline.abort()
  }, ms)
  try {
    return await Promise.race([work(deadline.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
