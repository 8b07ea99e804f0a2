import type { Member } from '@darkroom/contracts'
import type { Membership } from '../membership/membership.ts'
import type { Network } from './network.ts'
import type { NodeContext } from './node-context.ts'

/** The other members, and how talking to them goes. */
export class Peers {
  readonly #network: Network
  readonly #membership: Membership
  readonly #logger: NodeContext['logger']
  /** Who didn't answer lately: said once, and once again when they do. */
  readonly #silent = new Set<string>()
  #isClosed = false

  constructor({ network, logger }: NodeContext, membership: Membership) {
    this.#network = network
    this.#membership = membership
    this.#logger = logger
  }

  /** Those in this node's data centre, and the others. */
  split(): { near: Member[]; far: Member[] } {
    const { dataCentre } = this.#membership.self
    const { near = [], far = [] } = Object.groupBy(this.#membership.members(), member =>
      member.dataCentre === dataCentre ? 'near' : 'far',
    )
    return { near, far }
  }

  /** What a member answers; undefined when that fails, which is logged when it is new. */
  async ask<Answer>(
    member: Member,
    call: (network: Network) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      const answer = await call(this.#network)
      if (this.#silent.delete(member.id)) this.#logger.info({ member }, 'this member answers again')
      return answer
    } catch (error) {
      if (!this.#isClosed && !this.#silent.has(member.id)) {
        this.#forgetFormerMembers()
        this.#silent.add(member.id)
        this.#logger.warn({ err: error, member }, 'this member does not answer as it should')
      }
      return undefined
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #forgetFormerMembers(): void {
    const present = new Set(this.#membership.members().map(({ id }) => id))
    for (const id of this.#silent) if (!present.has(id)) this.#silent.delete(id)
  }
}
