import type { Member } from '@darkroom/contracts'
import type { Membership } from '../membership/membership.ts'
import type { Network } from './network.ts'
import type { NodeContext } from './node-context.ts'

/** A member that fails again and again is logged this often at most. */
const quietMs = 60_000

interface Split {
  near: readonly Member[]
  far: readonly Member[]
}

/** The other members, and how talking to them goes. */
export class Peers {
  readonly #network: Network
  readonly #membership: Membership
  readonly #logger: NodeContext['logger']
  readonly #clock: NodeContext['clock']
  /** When it was logged last that a member doesn't answer, and whether it has answered since. */
  readonly #warned = new Map<string, { at: number; hasAnswered: boolean }>()
  /** What was split last: members change seldom, and are asked for with every message. */
  #split: Split & { of?: readonly Member[] } = { near: [], far: [] }
  #isClosed = false

  constructor({ network, logger, clock }: NodeContext, membership: Membership) {
    this.#network = network
    this.#membership = membership
    this.#logger = logger
    this.#clock = clock
  }

  /** Those in this node's data centre, and the others. */
  split(): Split {
    const members = this.#membership.members()
    if (this.#split.of !== members) this.#split = { of: members, ...splitOf(members, this.#membership.self) }
    return this.#split
  }

  /** What a member answers; undefined when that fails, which is logged when it is new. */
  async ask<Answer>(
    member: Member,
    call: (network: Network) => Promise<Answer>,
  ): Promise<Answer | undefined> {
    try {
      const answer = await call(this.#network)
      this.#noteAnswer(member)
      return answer
    } catch (error) {
      if (!this.#isClosed) this.#noteFailure(member, error)
      return undefined
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #noteAnswer(member: Member): void {
    const warned = this.#warned.get(member.id)
    if (!warned || warned.hasAnswered) return
    warned.hasAnswered = true
    this.#logger.info({ member }, 'this member answers again')
  }

  #noteFailure(member: Member, error: unknown): void {
    const now = this.#clock.monotonic()
    const { at = Number.NEGATIVE_INFINITY } = this.#warned.get(member.id) ?? {}
    if (now - at < quietMs) return
    this.#forgetFormerMembers()
    this.#warned.set(member.id, { at: now, hasAnswered: false })
    this.#logger.warn({ err: error, member }, 'this member does not answer as it should')
  }

  #forgetFormerMembers(): void {
    const present = new Set(this.#membership.members().map(({ id }) => id))
    for (const id of this.#warned.keys()) if (!present.has(id)) this.#warned.delete(id)
  }
}

function splitOf(members: readonly Member[], { dataCentre, url }: Member): Split {
  // One that is said to be here was here before, on another disk: messages to it would come to this node itself.
  const others = members.filter(member => member.url !== url)
  const { near = [], far = [] } = Object.groupBy(others, member =>
    member.dataCentre === dataCentre ? 'near' : 'far',
  )
  return { near, far }
}
