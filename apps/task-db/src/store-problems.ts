import { retryLater, StoreUnavailable } from '@darkroom/service-kit'

/** Gives the errors of a store their public face; others stay as they are. */
export function throwProblem(error: unknown): never {
  if (error instanceof StoreUnavailable)
    throw retryLater(503, 'unavailable', `${error.message}; try again`, 1, error)
  throw error
}
