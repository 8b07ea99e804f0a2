import { ServiceProblem } from '@darkroom/service-kit'
import type { Refusal } from '../node/state-node.ts'

const details: Readonly<Record<Refusal['reason'], string>> = {
  'too-many-names': 'there are as many registers and counters as MAX_NAMES allows',
  'used-up': 'it can go no higher than 2^53 - 1',
}

/** A refusal as a problem. @throws ServiceProblem 409 */
export function refuse({ reason }: Refusal, what: string): never {
  throw new ServiceProblem(409, reason, `${what} is not changed: ${details[reason]}`)
}
