import type { Member, SyncReply, SyncRequest } from '@darkroom/contracts'
import {
  bucketCount,
  differenceOf,
  differingBuckets,
  type Entry,
  keyOf,
  type VersionPage,
} from '@darkroom/crdt'
import type { Membership } from '../membership/membership.ts'
import { inspectEntries } from './inspect-entries.ts'
import type { NodeContext } from './node-context.ts'
import type { Peers } from './peers.ts'
import { ProtocolError } from './protocol-error.ts'
import { repeat } from './repeat.ts'
import { pack } from './rumours.ts'

/** How many versions a page has, and how many keys are requested at once. */
const pageSize = 1000
/** The most pages of one comparison; the next comparison takes the rest. */
const maxPages = 200

/**
 * Compares states with another node, and makes them equal in both directions (anti-entropy by push and pull):
 *
 *     here                                        there
 *      │ compare: 32 hashes                         │
 *      ├───────────────────────────────────────────>│
 *      │ the versions in buckets whose hash differs │
 *      │<───────────────────────────────────────────┤  nothing differs: done
 *      │ exchange: entries that are newer here, and │
 *      │ the keys of entries that are newer there   │
 *      ├───────────────────────────────────────────>│
 *      │ these entries                              │
 *      │<───────────────────────────────────────────┤
 *
 * Versions are sent in pages, and entries in messages of limited size. Each step is repeated until nothing is left.
 */
export class Syncer {
  readonly #context: NodeContext
  readonly #membership: Membership
  readonly #peers: Peers
  readonly #stops: (() => void)[]
  #isSyncing = false
  #hasJoined = false
  #isClosed = false

  constructor(context: NodeContext, membership: Membership, peers: Peers) {
    this.#context = context
    this.#membership = membership
    this.#peers = peers
    const { syncMs, farSyncMs } = context.settings
    this.#stops = [
      repeat(context, syncMs, () => void this.#syncWithOneOf(peers.split().near)),
      repeat(context, farSyncMs, () => {
        const { near, far } = peers.split()
        if (context.random() < 1 / (near.length + 1)) void this.#syncWithOneOf(far)
      }),
      membership.onChange(() => this.#join()),
    ]
    this.#join()
  }

  close(): void {
    this.#isClosed = true
    for (const stop of this.#stops) stop()
  }

  /** Syncs as soon as there is another member. */
  #join(): void {
    if (this.#hasJoined || this.#membership.members().length === 0) return
    this.#hasJoined = true
    const { near, far } = this.#peers.split()
    void this.#syncWithOneOf(near.length > 0 ? near : far)
  }

  async #syncWithOneOf(members: readonly Member[]): Promise<void> {
    const member = members[Math.floor(this.#context.random() * members.length)]
    if (!member || this.#isSyncing) return
    this.#isSyncing = true
    await this.#peers.request(member, () => this.#syncWith(member))
    this.#isSyncing = false
  }

  async #syncWith(member: Member): Promise<void> {
    let after: string | undefined
    for (let pages = 0; pages < maxPages && !this.#isClosed; pages++) {
      const page = await this.#compare(member, after)
      const { newer, wanted } = differenceOf(this.#context.ledger.state, page)
      await this.#exchange(member, newer, wanted)
      if (page.next === undefined) return
      after = page.next
    }
  }

  async #compare(member: Member, after: string | undefined): Promise<VersionPage> {
    const { ledger } = this.#context
    const reply = await this.#send(member, {
      step: 'compare',
      from: this.#membership.self.id,
      digest: ledger.state.digest(),
      ...(after !== undefined && { after }),
    })
    if (!('versions' in reply)) throw new ProtocolError(`requested versions, but ${member.id} sent entries`)
    const { versions, buckets, next } = reply
    return { buckets, versions: versions.map(([key, rank, check]) => ({ key, rank, check })), after, next }
  }

  async #exchange(member: Member, newer: readonly string[], wanted: readonly string[]): Promise<void> {
    const { ledger, receiver, settings } = this.#context
    let [unsent, missing] = [newer, wanted]
    while ((unsent.length > 0 || missing.length > 0) && !this.#isClosed) {
      const entries = pack(ledger.state, unsent, settings.maxMessageBytes)
      const requested = missing.slice(0, pageSize)
      const reply = await this.#send(member, {
        step: 'exchange',
        from: this.#membership.self.id,
        entries,
        wanted: requested,
      })
      if (!('entries' in reply)) throw new ProtocolError(`requested entries, but ${member.id} sent versions`)
      const received = inspectEntries(reply.entries)
      await receiver.receive(received)
      unsent = unsent.slice(entries.length)
      missing = [...stillMissing(requested, received), ...missing.slice(requested.length)]
    }
  }

  #send(member: Member, request: SyncRequest): Promise<SyncReply> {
    return this.#context.network.sync(member, request)
  }
}

/** The requested keys that were not received yet. If nothing was received, none of them will come. */
function stillMissing(requested: readonly string[], received: readonly Entry[]): string[] {
  const keys = new Set(received.map(keyOf))
  const missing = requested.filter(key => !keys.has(key))
  return missing.length < requested.length ? missing : []
}

/** Answers the requests of another node's Syncer. @throws ProtocolError */
export async function answerSync(context: NodeContext, request: SyncRequest): Promise<SyncReply> {
  const { state } = context.ledger
  if (request.step === 'exchange') {
    await context.receiver.receive(inspectEntries(request.entries))
    const known = request.wanted.filter(key => state.get(key))
    return { entries: pack(state, known, context.settings.maxMessageBytes) }
  }
  if (request.digest.length !== bucketCount) {
    throw new ProtocolError(`a digest has ${bucketCount} hashes, got ${request.digest.length}`)
  }
  const buckets = differingBuckets(state.digest(), request.digest)
  const versions = state.versions(buckets, { after: request.after, limit: pageSize + 1 })
  const page = versions.slice(0, pageSize)
  const last = versions.length > pageSize ? page.at(-1) : undefined
  return {
    buckets,
    versions: page.map(({ key, rank, check }) => [key, rank, check]),
    ...(last && { next: last.key }),
  }
}
