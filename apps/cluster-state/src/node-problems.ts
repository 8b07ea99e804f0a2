import { retryLater, ServiceProblem } from '@darkroom/service-kit'
import { MembersUnknown } from './membership/membership.ts'
import { ProtocolError } from './node/protocol-error.ts'
import { type IdInUse, NodeIdInUse, type Refusal } from './node/state-node.ts'

/** Gives the errors of a node their public face; others stay as they are. */
export function throwProblem(error: unknown): never {
  if (error instanceof ProtocolError) throw new ServiceProblem(400, 'protocol-error', error.message)
  if (error instanceof NodeIdInUse) throw idInUse(error.message)
  if (error instanceof MembersUnknown) throw retryLater(503, 'members-unknown', error.message, 1, error.cause)
  throw error
}

const details: Readonly<Record<Refusal['reason'], string>> = {
  'too-many-names': 'there are as many registers and counters as MAX_NAMES allows',
  'used-up': 'it can go no higher than 2^53 - 1',
}

/** A refusal as a problem. @throws ServiceProblem 409, or 503 while another process has the node's id */
export function refuse(refusal: Refusal | IdInUse, what: string): never {
  if (refusal.kind === 'id-in-use') throw idInUse(`${what} is not changed: ${refusal.detail}`)
  const { reason } = refusal
  throw new ServiceProblem(409, reason, `${what} is not changed: ${details[reason]}`)
}

/** Another node can take the write meanwhile. */
function idInUse(detail: string): ServiceProblem {
  return retryLater(503, 'node-id-in-use', detail, 5)
}
