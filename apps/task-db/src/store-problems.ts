import { StoreFull, StoreUnavailable, unavailable } from '@darkroom/service-kit'
import { isDiskError } from '@darkroom/sqlite'

/** Maps the errors of a store to problems; other errors are thrown unchanged. */
export function throwProblem(error: unknown): never {
  if (error instanceof StoreFull) throw unavailable('store-full', error.message, 30, error.cause)
  if (error instanceof StoreUnavailable)
    throw unavailable('unavailable', `${error.message}; try again`, 1, error)
  if (isDiskError(error)) throw unavailable('unavailable', 'the disk cannot be used; try again', 1, error)
  throw error
}
