import { StoreFull, StoreUnavailable, unavailable } from '@darkroom/service-kit'
import { isDiskError } from '@darkroom/sqlite'

/**
 * Maps the errors of a store to problems; other errors are thrown unchanged. Clients can see these problems, and `/readyz`
 * needs no token, so addresses, buckets and advice are only in the log.
 */
export function throwProblem(error: unknown): never {
  if (error instanceof StoreFull) throw unavailable('disk-full', error.message, 60, error)
  if (error instanceof StoreUnavailable || isDiskError(error)) {
    const detail = 'the store cannot be used at the moment; the reason is in the log of the storage'
    throw unavailable('blob-store-unavailable', detail, 2, error)
  }
  throw error
}
