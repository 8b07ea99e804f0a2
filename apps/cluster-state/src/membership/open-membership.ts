import type { Member } from '@darkroom/contracts'
import { type Engines, engineFor, engineUrlPattern, type KvClient, type Logger } from '@darkroom/service-kit'
import { KvMembership } from './kv.ts'
import type { Membership } from './membership.ts'
import { parseAgentAddress } from './serf/agent-address.ts'
import { SerfMembership } from './serf/serf-membership.ts'

export interface MembershipOptions {
  /** `kv:`, or `serf://[:rpc-auth-key@]host:7373` */
  membershipUrl: string
  self: Member
  /** The run of the node, as in its registration. */
  run: string
  kv: KvClient
  logger: Logger
}

const engines: Engines<(options: MembershipOptions) => Membership> = {
  'kv:': options => new KvMembership(options),
  'serf://.+': ({ membershipUrl, self, logger }) =>
    new SerfMembership({ address: parseAgentAddress(membershipUrl), self, logger }),
}

/** The pattern of MEMBERSHIP_URL. */
export const membershipUrlPattern = engineUrlPattern(engines)

/**
 * Opens the membership for MEMBERSHIP_URL. It returns at once, and learns the members later.
 *
 * @throws InvalidConfig if the URL is not valid
 */
export function openMembership(options: MembershipOptions): Membership {
  return engineFor(engines, options.membershipUrl)(options)
}
