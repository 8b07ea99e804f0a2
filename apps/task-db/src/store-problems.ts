import { retryLater, StoreUnavailable } from '@darkroom/service-kit'

/** Turns the errors of a store into problem documents. Other errors are thrown unchanged. */
export function throwProblem(error: unknown): never {
  if (error instanceof StoreUnavailable)
    throw retryLater(503, 'unavailable', `${error.message}; try again`, 1, error)
  throw error
}
