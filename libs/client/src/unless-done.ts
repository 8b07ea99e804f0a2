import type { RequestOptions } from './connection.ts'
import { DarkroomError } from './darkroom-error.ts'

/**
 * Sends a request that can succeed only once. If the response of an attempt was lost, and a later attempt is refused with
 * `code`, the first has succeeded: then returns undefined.
 */
export async function unlessDone<Result>(
  code: string,
  send: (options: Pick<RequestOptions, 'onRetry'>) => Promise<Result>,
): Promise<Result | undefined> {
  let mayBeDone = false
  const onRetry = ({ isUncertain }: DarkroomError) => {
    mayBeDone ||= isUncertain
  }
  try {
    return await send({ onRetry })
  } catch (error) {
    if (mayBeDone && error instanceof DarkroomError && error.code === code) return undefined
    throw error
  }
}
