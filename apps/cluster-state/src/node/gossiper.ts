import type { Member } from '@darkroom/contracts'
import { type Entry, keyOf } from '@darkroom/crdt'
import type { Membership } from '../membership/membership.ts'
import { MemberCycle } from './member-cycle.ts'
import type { NodeContext } from './node-context.ts'
import type { Peers } from './peers.ts'
import { repeat } from './repeat.ts'
import { Rumours } from './rumours.ts'

/** Who owes so many answers is sent no more: a slow member doesn't pile them up, and one lost message is no silence. */
const maxUnanswered = 4
/** So many of the slower rounds a change is told in. */
const slowRounds = 5

/**
 * Tells others what changed, by three clocks:
 *
 *     push    at once, then every `pushMs`   to near members, by every node for as long as it is news
 *     gossip  every `gossipMs`               to near members, for those whom loss kept from hearing
 *     far     every `farMs`                  to a member of another data centre, by a few nodes of this one
 *
 * Nothing depends on a message getting through: what is missed, the next comparison of states finds.
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
  /** How many messages a member has still to answer. */
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
      repeat(context, gossipMs, () => void this.#tellNear(this.#reminders)),
      repeat(context, farMs, () => void this.#tellFar()),
    ]
  }

  /** Tells of these entries from now on: made here, or heard of and new here. */
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

  /** Ends the rounds; what wasn't told at all is told now. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const stop of this.#stops) stop()
    this.#cancelPush?.()
    const { far } = this.#peers.split()
    await Promise.all([
      this.#cancelPush && this.#tellNear(this.#pushes),
      this.#tell(this.#far.take(far, 1), this.#farPushes),
    ])
  }

  /** memberlist's limit of retransmissions (`RetransmitMult`), rounded up after multiplying. */
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
      void this.#tellNear(this.#pushes)
      this.#schedulePush()
    })
  }

  async #tellNear(rumours: Rumours): Promise<void> {
    if (rumours.isEmpty) return
    const { near } = this.#peers.split()
    const listening = this.#listening(near)
    if (listening.length === 0 && near.length > 0) return // the round is made up for
    await this.#tell(this.#near.take(listening, this.#context.settings.gossipFanout), rumours)
  }

  /** The rounds pass for all nodes of the data centre alike, whether it is their turn or not: one telling is enough. */
  async #tellFar(): Promise<void> {
    if (this.#farPushes.isEmpty) return
    const { near, far } = this.#peers.split()
    const isMyTurn = this.#context.random() < this.#context.settings.farFanout / (near.length + 1)
    await this.#tell(this.#far.take(isMyTurn ? this.#listening(far) : [], 1), this.#farPushes)
  }

  #listening(members: readonly Member[]): Member[] {
    return members.filter(({ id }) => (this.#unanswered.get(id) ?? 0) < maxUnanswered)
  }

  async #tell(targets: readonly Member[], rumours: Rumours): Promise<void> {
    if (rumours.isEmpty) return
    const { ledger, settings } = this.#context
    const entries = rumours.take(ledger.state, settings.maxMessageBytes)
    await Promise.all(targets.map(target => this.#send(target, entries)))
  }

  async #send(target: Member, entries: readonly Entry[]): Promise<void> {
    this.#unanswered.set(target.id, (this.#unanswered.get(target.id) ?? 0) + 1)
    await this.#peers.ask(target, network =>
      network.gossip(target, { from: this.#membership.self.id, entries: [...entries] }),
    )
    const left = (this.#unanswered.get(target.id) ?? 0) - 1
    if (left > 0) this.#unanswered.set(target.id, left)
    else this.#unanswered.delete(target.id)
  }
}
