import type { Member } from '@darkroom/contracts'
import { type Engines, engineFor, engineUrlPattern, type KvClient, type Logger } from '@darkroom/service-kit'
import { KvMembership } from './kv.ts'
import type { Membership } from './membership.ts'
import { parseAgentAddress } from './serf/agent-address.ts'

interface MembershipOptions {
  /** `kv:`, or `serf://[:rpc-auth-key@]host:7373` */
  membershipUrl: string
  self: Member
  /** The run of the node, as in its registration. */
  run: string
  kv: KvClient
  logger: Logger
}

const engines: Engines<(options: MembershipOptions) => Promise<Membership>> = {
  'kv:': async options => new KvMembership(options),
  'serf://.+': async ({ membershipUrl, self, logger }) => {
    const address = parseAgentAddress(membershipUrl)
    // Imported only when needed: its protocol takes time to load, and memory.
    const { SerfMembership } = await import('./serf/serf-membership.ts')
    return new SerfMembership({ address, self, logger })
  },
}

/** The pattern of MEMBERSHIP_URL. */
export const membershipUrlPattern = engineUrlPattern(engines)

/**
 * Opens the membership for MEMBERSHIP_URL, without waiting for its members.
 *
 * @throws InvalidConfig if the URL is not valid
 */
export function openMembership(options: MembershipOptions): Promise<Membership> {
  return engineFor(engines, options.membershipUrl)(options)
}
