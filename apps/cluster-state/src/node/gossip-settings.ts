import { type Static, Type } from '@darkroom/contracts/typebox'

/** An interval of this node's part of the gossip; each is shortened or lengthened by up to a tenth. */
const IntervalMs = (defaultMs: number, description: string) =>
  Type.Integer({ default: defaultMs, minimum: 10, maximum: 3_600_000, description })

/**
 * How the state spreads. "Near" are members of the same data centre, "far" all others; n is the number of near members, with
 * this node. Bytes per second are what a node sends while the state changes all the time.
 */
export const gossipSettings = {
  gossipFanout: Type.Integer({
    default: 2,
    minimum: 1,
    maximum: 20,
    description:
      'How many near members get each message. Raising it spreads changes in fewer rounds, log(n) / log(1 + fanout), and sends more bytes in proportion',
  }),
  pushMs: IntervalMs(
    100,
    'The first change is pushed at once, later changes at most this often. Raising it puts more changes into a message, and delays each hop of a change',
  ),
  pushRoundsFactor: Type.Number({
    default: 3,
    minimum: 0.5,
    maximum: 20,
    description:
      'Every node that receives a change pushes it on for ceil(factor x log10(n + 1)) rounds. Raising it leaves fewer nodes for the mechanisms below, and sends more bytes in proportion',
  }),
  gossipMs: IntervalMs(
    2000,
    'How often recent changes (from the last five such intervals) are sent again, to nodes that missed a message',
  ),
  syncMs: IntervalMs(
    3000,
    'How often the whole state is compared with that of one near member, digests first. Lowering it heals partitions sooner, for 1 KiB each when nothing differs',
  ),
  farMs: IntervalMs(
    1000,
    'How often a data centre sends changes to another. Raising it delays changes there, and saves messages in proportion',
  ),
  farFanout: Type.Number({
    default: 1,
    minimum: 0.01,
    maximum: 20,
    description:
      'How many nodes of a data centre send changes to the other each time: each node does with probability min(1, fanout / n)',
  }),
  farSyncMs: IntervalMs(
    15_000,
    'How often a data centre compares its state with another: each node does with probability 1 / n. Lowering it heals partitions between data centres sooner',
  ),
  maxMessageBytes: Type.Integer({
    default: 256 * 1024,
    minimum: 16 * 1024,
    maximum: 300 * 1024,
    description: 'Maximum size of the entries in one message; the rest is sent with the next message',
  }),
  peerTimeoutMs: IntervalMs(
    2000,
    'How long a member may take to answer. A member with four unanswered messages gets no more gossip',
  ),
}

const Gossiping = Type.Object(gossipSettings)
export type GossipSettings = Static<typeof Gossiping>
