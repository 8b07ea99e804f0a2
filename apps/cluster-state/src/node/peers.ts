import type { Member } from '@darkroom/contracts'
import type { Membership } from '../membership/membership.ts'
import type { Network } from './network.ts'
import type { NodeContext } from './node-context.ts'

/** How often a member that keeps failing is logged, at most. */
const quietMs = 60_000

interface Split {
  near: readonly Member[]
  far: readonly Member[]
}

/** The other members, and the outcome of requests to them. */
export class Peers {
  readonly #network: Network
  readonly #membership: Membership
  readonly #logger: NodeContext['logger']
  readonly #clock: NodeContext['clock']
  /** When each failing member was last logged, and whether it has answered since. */
  readonly #warned = new Map<string, { at: number; hasAnswered: boolean }>()
  /** The last result of `split`: members change rarely, but are needed for every message. */
  #split: Split & { of?: readonly Member[] } = { near: [], far: [] }
  #isClosed = false

  constructor({ network, logger, clock }: NodeContext, membership: Membership) {
    this.#network = network
    this.#membership = membership
    this.#logger = logger
    this.#clock = clock
  }

  /** The members of this node's data centre, and the others. */
  split(): Split {
    const members = this.#membership.members()
    if (this.#split.of !== members) this.#split = { of: members, ...splitOf(members, this.#membership.self) }
    return this.#split
  }

  /** The response of a member; undefined if the request fails. New failures are logged. */
  async request<Result>(
    member: Member,
    call: (network: Network) => Promise<Result>,
  ): Promise<Result | undefined> {
    try {
      const response = await call(this.#network)
      this.#noteResponse(member)
      return response
    } catch (error) {
      if (!this.#isClosed) this.#noteFailure(member, error)
      return undefined
    }
  }

  close(): void {
    this.#isClosed = true
  }

  #noteResponse(member: Member): void {
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
    this.#logger.warn(
      { err: error, member },
      'a request to this member failed, or its response was not valid',
    )
  }

  #forgetFormerMembers(): void {
    const present = new Set(this.#membership.members().map(({ id }) => id))
    for (const id of this.#warned.keys()) if (!present.has(id)) this.#warned.delete(id)
  }
}

function splitOf(members: readonly Member[], { dataCentre, url }: Member): Split {
  // A member with this node's own address is an earlier node that had another disk. Messages to it would reach this node.
  const others = members.filter(member => member.url !== url)
  const { near = [], far = [] } = Object.groupBy(others, member =>
    member.dataCentre === dataCentre ? 'near' : 'far',
  )
  return { near, far }
}
