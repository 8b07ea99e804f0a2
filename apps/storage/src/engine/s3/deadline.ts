/** Named as the time-outs of AWS's client are. */
export class TooLate extends Error {
  override readonly name = 'TimeoutError'
}

/**
 * Gives `work`, with all requests and attempts of it, `ms` milliseconds, and goes on without it then: also the
 * client's waits between attempts count, which no signal ends. The signal is not aborted any more once `work` is
 * done, so that the body of an answer can be read for as long as it takes.
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
    reject(new TooLate(`nothing for ${ms} milliseconds`))
    deadline.abort()
  }, ms)
  try {
    return await Promise.race([work(deadline.signal), late])
  } finally {
    clearTimeout(timer)
  }
}
