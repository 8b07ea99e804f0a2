import { EventEmitter, once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Member } from '@darkroom/contracts'
import { Backoff, type Logger } from '@darkroom/service-kit'
import { type Membership, MembersUnknown } from '../membership.ts'
import type { AgentAddress } from './agent-address.ts'
import { AgentConnection } from './agent-connection.ts'
import type { SerfMember } from './agent-protocol.ts'
import { carries, isLive, memberOf, ownTagNames, tagsOf } from './member-tags.ts'

/** How often all members are read, with or without an event; also checks that the agent still answers. */
const rereadMs = 10_000
/** How long closing may wait for the agent to inform the others. */
const leaveTimeoutMs = 1000

/**
 * The nodes in the lists of the Serf agents. Each node has an agent, whose tags contain the node's address. The agents
 * detect dead members (SWIM); this class only uses the agent of its own node:
 *
 *     connect ─> stream of events ─> read all members, set the own tags if they aren't there ─┐
 *        ^                              ^                                                     │
 *        │ backoff                      └── at every event, and every 10 s ───────────────────┤
 *        └──────────────────────────────────────── whenever the agent doesn't answer ─────────┘
 *
 * An event is only a hint: an agent drops events when its queue is full, so the members are always read.
 * While the agent doesn't answer, the last known members stay.
 */
export class SerfMembership implements Membership {
  readonly self: Member
  readonly #address: AgentAddress
  readonly #logger: Logger
  readonly #timeoutMs: number | undefined
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #following: Promise<void>
  /** Names of agents with unreadable tags, to log them only once. */
  #unreadable: readonly string[] = []
  readonly #firstRead = Promise.withResolvers<void>()
  #members: readonly Member[] = []
  #otherAddresses: readonly string[] = []
  #connection: AgentConnection | undefined
  /** Why the known members may be outdated; undefined while the agent answers. */
  #fault: unknown = new Error('the Serf agent has not answered yet')

  constructor(options: { address: AgentAddress; self: Member; logger: Logger; timeoutMs?: number }) {
    this.self = options.self
    this.#address = options.address
    this.#logger = options.logger
    this.#timeoutMs = options.timeoutMs
    this.#following = this.#follow()
  }

  get firstRead(): Promise<void> {
    return this.#firstRead.promise
  }

  otherAddresses(): readonly string[] {
    return this.#otherAddresses
  }

  members(): readonly Member[] {
    return this.#members
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** @throws MembersUnknown with the reason while the agent doesn't answer, or refuses a command */
  async checkReady(): Promise<void> {
    if (this.#fault === undefined) return
    const message = this.#fault instanceof Error ? this.#fault.message : 'the Serf agent does not answer'
    throw new MembersUnknown(message, { cause: this.#fault })
  }

  /** Removes this node's tags, so that the others stop using this node. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closing.signal.aborted && this.#connection) {
      const leaving = this.#connection.setTags({}, ownTagNames)
      await Promise.race([leaving.catch(() => undefined), delay(leaveTimeoutMs, undefined, { ref: false })])
    }
    this.#closing.abort()
    await this.#following
  }

  async #follow(): Promise<void> {
    const { signal } = this.#closing
    const backoff = new Backoff(100, 5000)
    while (!signal.aborted) {
      try {
        await this.#followAgent(backoff)
      } catch (error) {
        if (signal.aborted) return
        this.#noteFault(error)
        await backoff.wait(signal)
      }
    }
  }

  /** Follows one connection, until it breaks. */
  async #followAgent(backoff: Backoff): Promise<never> {
    const { signal } = this.#closing
    const timeout = this.#timeoutMs !== undefined && { timeoutMs: this.#timeoutMs }
    await using connection = await AgentConnection.open(this.#address, { signal, ...timeout })
    const changes = new EventEmitter()
    let isStale = false
    await connection.stream(() => {
      isStale = true
      changes.emit('change')
    })
    void connection.closed.then(() => changes.emit('change'))
    for (;;) {
      isStale = false
      await this.#read(connection)
      this.#noteResponse(connection)
      backoff.reset()
      if (isStale) continue
      const end = AbortSignal.any([signal, AbortSignal.timeout(rereadMs)])
      // If the wait ends because of an error, the next command throws it.
      await once(changes, 'change', { signal: end }).catch(() => undefined)
    }
  }

  async #read(connection: AgentConnection): Promise<void> {
    const nodes = await connection.members()
    const ownTags = tagsOf(this.self)
    // The tags are lost when the agent restarts, or reloads its configuration.
    const own = nodes.find(({ Name }) => Name === connection.agentName)
    if (!own || !carries(own, ownTags)) await connection.setTags(ownTags)
    this.#update(nodes.filter(isLive), connection.agentName)
    this.#firstRead.resolve()
  }

  #update(nodes: readonly SerfMember[], ownAgent: string): void {
    const members = new Map<string, Member>() // by id: a node that moved has left its tags with another agent
    const otherAddresses: string[] = []
    const unreadable: string[] = []
    for (const node of nodes) {
      const member = memberOf(node)
      if (!member) unreadable.push(node.Name)
      else if (member.id !== this.self.id) members.set(member.id, member)
      else if (node.Name !== ownAgent) otherAddresses.push(member.url)
    }
    const agents = unreadable.filter(name => !this.#unreadable.includes(name))
    if (agents.length > 0)
      this.#logger.warn({ agents }, 'skipped Serf agents whose tags are not a valid node')
    this.#unreadable = unreadable

    const before = [this.#members, this.#otherAddresses]
    this.#members = [...members.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    this.#otherAddresses = otherAddresses.sort()
    if (isDeepStrictEqual([this.#members, this.#otherAddresses], before)) return
    for (const listener of this.#listeners) listener()
  }

  #noteResponse(connection: AgentConnection): void {
    this.#connection = connection
    if (this.#fault === undefined) return
    this.#fault = undefined
    this.#logger.info({ agent: connection.agentName }, 'following the Serf agent')
  }

  #noteFault(error: unknown): void {
    const isNew = !(
      error instanceof Error &&
      this.#fault instanceof Error &&
      error.message === this.#fault.message
    )
    this.#connection = undefined
    this.#fault = error
    if (isNew) this.#logger.warn({ err: error }, 'cannot follow the members; retrying')
  }
}
