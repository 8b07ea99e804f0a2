import { ServiceProblem, StoreFull, StoreUnavailable, unavailable } from '@darkroom/service-kit'
import { MembersUnknown } from './membership/membership.ts'
import { ProtocolError } from './node/protocol-error.ts'
import { type IdInUse, NodeIdInUse, type Refusal } from './node/state-node.ts'

/** Maps the errors of a node to problems; other errors are thrown unchanged. */
export function throwProblem(error: unknown): never {
  if (error instanceof ProtocolError) throw new ServiceProblem(400, 'protocol-error', error.message)
  if (error instanceof StoreFull) throw unavailable('store-full', error.message, 30, error.cause)
  if (error instanceof StoreUnavailable) throw unavailable('unavailable', error.message, 30, error.cause)
  if (error instanceof NodeIdInUse) throw idInUse(error.message)
  if (error instanceof MembersUnknown) throw unavailable('members-unknown', error.message, 1, error.cause)
  throw error
}

const details: Readonly<Record<Refusal['reason'], string>> = {
  'too-many-names': 'the limit of registers and counters (MAX_NAMES) is reached',
  'used-up': 'its maximum is 2^53 - 1',
}

/** A refusal as a problem. @throws ServiceProblem 409, or 503 while another process has the node's id */
export function refuse(refusal: Refusal | IdInUse, what: string): never {
  if (refusal.kind === 'id-in-use') throw idInUse(`${what} was not changed: ${refusal.detail}`)
  const { reason } = refusal
  throw new ServiceProblem(409, reason, `${what} was not changed: ${details[reason]}`)
}

/** Meanwhile, another node can accept the write. */
function idInUse(detail: string): ServiceProblem {
  return unavailable('node-id-in-use', detail, 5)
}
