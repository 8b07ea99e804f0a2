import { retryLater } from '@darkroom/service-kit'
import { StoreFull, StoreUnavailable } from './engine/engine.ts'

/** Gives the errors of a store their public face; others stay as they are. */
export function throwProblem(error: unknown): never {
  if (error instanceof StoreFull) throw retryLater(503, 'disk-full', error.message, 60)
  if (error instanceof StoreUnavailable) {
    throw retryLater(503, 'blob-store-unavailable', error.message, 2, error)
  }
  throw error
}
