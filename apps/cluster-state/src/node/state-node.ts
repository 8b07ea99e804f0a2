import type { Gossip, SyncReply, SyncRequest } from '@darkroom/contracts'
import {
  type Json,
  maxCount,
  type Register,
  type RegisterEntry,
  raiseCount,
  type State,
  writeRegister,
} from '@darkroom/crdt'
import type { StateStore } from '../engine/engine.ts'
import type { Membership } from '../membership/membership.ts'
import type { Draft } from './draft.ts'
import { Gossiper } from './gossiper.ts'
import { inspectEntries } from './inspect-entries.ts'
import { Ledger } from './ledger.ts'
import type { NodeContext } from './node-context.ts'
import { OwnId } from './own-id.ts'
import { Peers } from './peers.ts'
import { Receiver } from './receiver.ts'
import { answerSync, Syncer } from './syncer.ts'

export type Refusal = {
  kind: 'refused'
  /** too-many-names: there is no room for a new name; used-up: the counter or generation has reached its maximum. */
  reason: 'too-many-names' | 'used-up'
}
/** Another process has this node's id; `detail` names it, and what to do. */
export interface IdInUse {
  kind: 'id-in-use'
  detail: string
}

/** Another process has this node's id: thrown by operations that write nothing. */
export class NodeIdInUse extends Error {}

type StateNodeOptions = Omit<NodeContext, 'ledger' | 'receiver'> & { store: StateStore }

/**
 * A node of the cluster: its state, on disk, and the gossip that synchronises it with others. All access to the outside
 * is passed in, so that a simulation runs the same code.
 */
export class StateNode {
  readonly id: string
  readonly ownId: OwnId
  readonly #context: NodeContext
  readonly #store: StateStore
  #gossiper: Gossiper | undefined
  #stopGossip: (() => Promise<void>) | undefined
  #membership: Membership | undefined
  #closed: Promise<void> | undefined

  /** Opens a node with the entries of its store. It owns the store: closing the node closes it. */
  static async open(options: StateNodeOptions): Promise<StateNode> {
    return new StateNode(options, await options.store.load())
  }

  private constructor(
    { store, ...context }: StateNodeOptions,
    entries: ConstructorParameters<typeof Ledger>[0]['entries'],
  ) {
    this.id = store.nodeId
    this.#store = store
    this.ownId = new OwnId(store.nodeId, context)
    const ledger = new Ledger({ store, entries, onChange: entries => this.#gossiper?.spread(entries) })
    this.#context = { ...context, ledger, receiver: new Receiver({ ...context, ...context.limits, ledger }) }
  }

  /** The state, for reading. Everything in it is on disk. */
  get state(): State {
    return this.#context.ledger.state
  }

  get membership(): Membership | undefined {
    return this.#membership
  }

  /** Starts the gossip with others. It owns the membership. */
  join(membership: Membership): void {
    if (this.#membership) throw new Error('a node can join only once')
    this.#membership = membership
    const peers = new Peers(this.#context, membership)
    this.ownId.follow(membership)
    const gossiper = new Gossiper(this.#context, membership, peers)
    this.#gossiper = gossiper
    const syncer = new Syncer(this.#context, membership, peers)
    this.#stopGossip = async () => {
      peers.close()
      syncer.close()
      await gossiper.close()
      await membership.close()
    }
  }

  /** Sets a register, or deletes it with undefined. The change is on disk when this resolves. */
  setRegister(
    name: string,
    value: Json | undefined,
  ): Promise<{ kind: 'written'; register: RegisterEntry } | Refusal | IdInUse> {
    return this.#write(draft => {
      const known = draft.register(name)
      if (!known && draft.nameCount >= this.#context.limits.maxNames) return refused('too-many-names')
      if (known?.generation === Number.MAX_SAFE_INTEGER) return refused('used-up')
      const register = { kind: 'register', name, ...writeRegister(known, this.id, value) } as const
      draft.put(register)
      return { kind: 'written', register } as const
    })
  }

  /** Accepts a register that was written on another node, if it is newer; returns the resulting register. */
  notifyRegister(
    name: string,
    register: Register,
  ): Promise<{ kind: 'written'; register: RegisterEntry } | Refusal | IdInUse> {
    const given = { kind: 'register', name, ...register } as const
    return this.#write(draft => {
      if (!draft.register(name) && draft.nameCount >= this.#context.limits.maxNames) {
        return refused('too-many-names')
      }
      draft.put(given)
      return {
        kind: 'written',
        register: { kind: 'register', name, ...(draft.register(name) ?? given) },
      } as const
    })
  }

  /** Raises a counter; returns the value at this node, once the increment is on disk. */
  increment(name: string, amount: number): Promise<{ kind: 'counted'; count: number } | Refusal | IdInUse> {
    return this.#write(draft => {
      if (!draft.hasName('count', name) && draft.nameCount >= this.#context.limits.maxNames) {
        return refused('too-many-names')
      }
      if (draft.sum(name) > maxCount - amount) return refused('used-up')
      const count = raiseCount(draft.count(name, this.id), amount, this.#context.clock.now())
      draft.put({ kind: 'count', name, node: this.id, ...count })
      return { kind: 'counted', count: draft.sum(name) } as const
    })
  }

  /** Stores the newer entries of another node, on disk when it resolves; returns how many. @throws ProtocolError */
  async receive({ entries }: Gossip): Promise<number> {
    return this.#context.receiver.receive(inspectEntries(entries))
  }

  /** Answers another node's part of a comparison. @throws ProtocolError */
  async answerSync(request: SyncRequest): Promise<SyncReply> {
    return answerSync(this.#context, request)
  }

  /** @throws StoreUnavailable; NodeIdInUse while it refuses writes; MembersUnknown */
  async checkReady(): Promise<void> {
    await this.#store.checkReady()
    const detail = this.ownId.refusal
    if (detail !== undefined) throw new NodeIdInUse(detail)
    await this.#membership?.checkReady()
  }

  /** Sends the changes that were not sent yet, leaves the cluster, and closes the store. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #write<Result>(step: (draft: Draft) => Result): Promise<Result | IdInUse> {
    await this.ownId.settled()
    const detail = this.ownId.refusal
    return detail === undefined ? this.#context.ledger.write(step) : { kind: 'id-in-use', detail }
  }

  async #close(): Promise<void> {
    await this.ownId.close()
    await this.#stopGossip?.()
    await this.#store.close()
  }
}

function refused(reason: Refusal['reason']): Refusal {
  return { kind: 'refused', reason }
}
