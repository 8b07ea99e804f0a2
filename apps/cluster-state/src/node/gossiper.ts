import type { Member } from '@darkroom/contracts'
import { type Entry, keyOf } from '@darkroom/crdt'
import type { Membership } from '../membership/membership.ts'
import { MemberCycle } from './member-cycle.ts'
import type { NodeContext } from './node-context.ts'
import type { Peers } from './peers.ts'
import { repeat } from './repeat.ts'
import { Rumours } from './rumours.ts'

/**
 * A member with this many unanswered messages gets no further message. So messages don't pile up at a slow member, and a
 * single lost message doesn't stop the gossip.
 */
const maxUnanswered = 4
/** In how many of the slower rounds a change is sent. */
const slowRounds = 5

/**
 * Sends changes to other nodes, by three timers:
 *
 *     push    at once, then every `pushMs`   to near members, by every node while the change is new
 *     gossip  every `gossipMs`               to near members, for nodes that missed a message
 *     far     every `farMs`                  to a member of another data centre, by a few nodes of this one
 *
 * Any message may get lost: the next comparison of states finds the missing changes.
 */
export class Gossiper {
  readonly #context: NodeContext
  readonly #membership: Membership
  readonly #peers: Peers
  readonly #near: MemberCycle
  readonly #far: MemberCycle
  readonly #pushes = new Rumours()
  readonly #reminders = new Rumours()
  readonly #farPushes = new Rumours()
  /** How many messages each member has not answered yet. */
  readonly #unanswered = new Map<string, number>()
  readonly #stops: (() => void)[]
  #cancelPush: (() => void) | undefined
  #lastPush = Number.NEGATIVE_INFINITY
  #isClosed = false

  constructor(context: NodeContext, membership: Membership, peers: Peers) {
    this.#context = context
    this.#membership = membership
    this.#peers = peers
    this.#near = new MemberCycle(context.random)
    this.#far = new MemberCycle(context.random)
    const { gossipMs, farMs } = context.settings
    this.#stops = [
      repeat(context, gossipMs, () => void this.#sendToNear(this.#reminders)),
      repeat(context, farMs, () => void this.#sendToFar()),
    ]
  }

  /** Sends these entries in the next rounds: they were written here, or received and new. */
  spread(entries: readonly Entry[]): void {
    if (this.#isClosed) return
    const { near, far } = this.#peers.split()
    for (const entry of entries) {
      const key = keyOf(entry)
      if (near.length > 0) {
        this.#pushes.add(key, this.#pushRounds(near.length + 1))
        this.#reminders.add(key, slowRounds)
      }
      if (far.length > 0) this.#farPushes.add(key, slowRounds)
    }
    this.#schedulePush()
  }

  /** Stops the rounds; changes that were never sent are sent now. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    this.#cancelPush?.()
    const { far } = this.#peers.split()
    await Promise.all([
      this.#cancelPush && this.#sendToNear(this.#pushes),
      this.#sendTo(this.#far.take(far, 1), this.#farPushes),
    ])
  }

  /** The limit of retransmissions in memberlist (`RetransmitMult`), rounded up after multiplying. */
  #pushRounds(nodes: number): number {
    return Math.ceil(this.#context.settings.pushRoundsFactor * Math.log10(nodes + 1))
  }

  #schedulePush(): void {
    if (this.#cancelPush || this.#pushes.isEmpty) return
    const { clock, settings } = this.#context
    const waitMs = Math.max(this.#lastPush + settings.pushMs - clock.monotonic(), 0)
    this.#cancelPush = clock.setTimer(waitMs, () => {
      this.#cancelPush = undefined
      this.#lastPush = clock.monotonic()
      void this.#sendToNear(this.#pushes)
      this.#schedulePush()
    })
  }

  async #sendToNear(rumours: Rumours): Promise<void> {
    if (rumours.isEmpty) return
    const { near } = this.#peers.split()
    const responsive = this.#responsive(near)
    if (responsive.length === 0 && near.length > 0) return // does not count as a round
    await this.#sendTo(this.#near.take(responsive, this.#context.settings.gossipFanout), rumours)
  }

  /**
   * A round counts for all nodes of the data centre, even if this node sends nothing: it is enough that one node sends.
   */
  async #sendToFar(): Promise<void> {
    if (this.#farPushes.isEmpty) return
    const { near, far } = this.#peers.split()
    const isMyTurn = this.#context.random() < this.#context.settings.farFanout / (near.length + 1)
    await this.#sendTo(this.#far.take(isMyTurn ? this.#responsive(far) : [], 1), this.#farPushes)
  }

  #responsive(members: readonly Member[]): Member[] {
    return members.filter(({ id }) => (this.#unanswered.get(id) ?? 0) < maxUnanswered)
  }

  async #sendTo(targets: readonly Member[], rumours: Rumours): Promise<void> {
    if (rumours.isEmpty) return
    const { ledger, settings } = this.#context
    const entries = rumours.take(ledger.state, settings.maxMessageBytes)
    await Promise.all(targets.map(target => this.#send(target, entries)))
  }

  async #send(target: Member, entries: readonly Entry[]): Promise<void> {
    this.#unanswered.set(target.id, (this.#unanswered.get(target.id) ?? 0) + 1)
    await this.#peers.request(target, network =>
      network.gossip(target, { from: this.#membership.self.id, entries: [...entries] }),
    )
    const left = (this.#unanswered.get(target.id) ?? 0) - 1
    if (left > 0) this.#unanswered.set(target.id, left)
    else this.#unanswered.delete(target.id)
  }
}
