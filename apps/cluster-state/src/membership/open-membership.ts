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
  kv: KvClient
  logger: Logger
}

/** The membership that MEMBERSHIP_URL names. It is there at once, and knows others when it has heard of them. */
export function openMembership({ membershipUrl, self, kv, logger }: MembershipOptions): Membership {
  const { protocol } = new URL(membershipUrl)
  switch (protocol) {
    case 'kv:':
      return new KvMembership({ self, kv, logger })
    case 'serf:':
      return new SerfMembership({ address: parseAgentAddress(membershipUrl), self, logger })
    default:
      throw new Error(`MEMBERSHIP_URL: there is no membership ${protocol}`)
  }
}
