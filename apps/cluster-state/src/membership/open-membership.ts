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
  /** Of the node, as its registration says. */
  run: string
  kv: KvClient
  logger: Logger
}

const engines: Engines<(options: MembershipOptions) => Membership> = {
  'kv:': options => new KvMembership(options),
  'serf://.+': ({ membershipUrl, self, logger }) =>
    new SerfMembership({ address: parseAgentAddress(membershipUrl), self, logger }),
}

/** What MEMBERSHIP_URL looks like. */
export const membershipUrlPattern = engineUrlPattern(engines)

/**
 * The membership that MEMBERSHIP_URL names. It answers at once, and knows the others when it has heard of them.
 *
 * @throws InvalidConfig for a URL that is wrong
 */
export function openMembership(options: MembershipOptions): Membership {
  return engineFor(engines, options.membershipUrl)(options)
}
