import type { Member } from '@darkroom/contracts'
import type { KvClient, Logger } from '@darkroom/service-kit'
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

/**
 * The membership that MEMBERSHIP_URL names. It is there at once, and knows others when it has heard of them.
 *
 * @throws InvalidConfig for what is no address
 */
export function openMembership({ membershipUrl, self, run, kv, logger }: MembershipOptions): Membership {
  if (membershipUrl === 'kv:') return new KvMembership({ self, run, kv, logger })
  return new SerfMembership({ address: parseAgentAddress(membershipUrl), self, logger })
}
