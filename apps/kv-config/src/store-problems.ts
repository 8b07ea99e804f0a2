import {
  OutcomeUnknown,
  ServiceProblem,
  StoreFull,
  StoreMisconfigured,
  StoreUnavailable,
  unavailable,
} from '@darkroom/service-kit'
import { isDiskError } from '@darkroom/sqlite'
import { MembersUnchanged } from './engine/engine.ts'

/** Maps the errors of a store to problems; other errors are thrown unchanged. */
export function throwProblem(error: unknown): never {
  if (error instanceof MembersUnchanged) throw new ServiceProblem(409, 'members-unchanged', error.message)
  if (error instanceof StoreFull) throw unavailable('store-full', error.message, 30, error.cause)
  if (error instanceof StoreMisconfigured) throw unavailable('store-refuses', error.message, 30, error.cause)
  if (error instanceof OutcomeUnknown) throw unavailable('outcome-unknown', error.message, 1, error.cause)
  if (error instanceof StoreUnavailable) throw unavailable('unavailable', error.message, 1, error.cause)
  if (isDiskError(error)) throw unavailable('unavailable', 'the disk cannot be used; try again', 1, error)
  throw error
}
