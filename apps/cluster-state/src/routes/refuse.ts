import { ServiceProblem } from '@darkroom/service-kit'
import { type IdInUse, idInUse, type Refusal } from '../node/state-node.ts'

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
