import { retryLater, StoreFull, StoreUnavailable } from '@darkroom/service-kit'

/**
 * Gives the errors of a store their public face; others stay as they are. These answers are handed on to whoever
 * uploads, and `/readyz` asks for no token: addresses, buckets and advice stand in the log alone.
 */
export function throwProblem(error: unknown): never {
  if (error instanceof StoreFull) throw retryLater(503, 'disk-full', error.message, 60, error)
  if (error instanceof StoreUnavailable) {
    const detail = "the object store can't be used at the moment; the storage's log says why"
    throw retryLater(503, 'blob-store-unavailable', detail, 2, error)
  }
  throw error
}
