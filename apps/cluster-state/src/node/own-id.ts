import type { NodeIdentity } from '@darkroom/contracts'
import type { Membership } from '../membership/membership.ts'
import type { NodeContext } from './node-context.ts'

/** How long writes wait at most for the check whether another process has this id. */
const maxWaitMs = 5000
/** How often to check again while another process may have this id. */
const recheckMs = 3000

const remedy = 'stop the copy, give it a new id with "npx darkroom new-node-id", and start it again'

/** Another process with this node's id. */
interface Duplicate {
  url: string
  run: string
}

/**
 * Makes sure that only one process at a time writes under this node's id. If a data folder was copied, two processes have
 * one id: both raise the same counts, and the counts of one are lost. The membership shows other addresses with this id.
 * They may be earlier addresses of this node, so a request goes to each address:
 *
 *     here                                          there
 *      │ own id, own run, how long it accepts writes  │
 *      ├─────────────────────────────────────────────>│ different ids, or the same run: nothing is wrong
 *      │ the same of the other process                │ same id, different runs: one of them now refuses writes
 *      │<─────────────────────────────────────────────┤
 *
 * The process that has accepted writes for less time was started later, so it is the copy: it refuses writes until the
 * other process has another id.
 */
export class OwnId {
  readonly id: string
  readonly #context: Pick<NodeContext, 'clock' | 'logger' | 'network' | 'run'>
  readonly #settled = Promise.withResolvers<void>()
  readonly #cancelWait: () => void
  #membership: Membership | undefined
  #stopListening: (() => void) | undefined
  #cancelCheck: (() => void) | undefined
  #checking: Promise<void> | undefined
  /** When it began to accept writes, in monotonic time. */
  #writingSince: number | undefined
  #hasYielded = false
  #duplicate: Duplicate | undefined
  #hasChecked = false
  #isClosed = false

  constructor(id: string, context: Pick<NodeContext, 'clock' | 'logger' | 'network' | 'run'>) {
    this.id = id
    this.#context = context
    this.#cancelWait = context.clock.setTimer(maxWaitMs, () => this.#settle())
  }

  /** Why this node refuses writes; undefined while it accepts them. */
  get refusal(): string | undefined {
    if (!this.#hasYielded) return undefined
    return `the node at ${this.#duplicate?.url} has the same id (${this.id}), because a data folder was copied: ${remedy}`
  }

  /** Resolves once it is known whether another process has this id, or if the check takes too long. */
  settled(): Promise<void> | undefined {
    return this.#writingSince === undefined && !this.#hasYielded ? this.#settled.promise : undefined
  }

  follow(membership: Membership): void {
    this.#membership = membership
    this.#stopListening = membership.onChange(() => this.#check())
    membership.firstRead.then(() => {
      this.#hasChecked = true
      this.#check()
    })
  }

  /** Answers the request of another process. Afterwards, both have the identity of the other. */
  answerIdentify(other: NodeIdentity): NodeIdentity {
    const own = this.#identity()
    if (other.id !== this.id || other.run === this.#context.run) return own
    this.#compare(own, other)
    return { ...own, hasYielded: this.#hasYielded }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancelWait()
    this.#cancelCheck?.()
    this.#stopListening?.()
    this.#settled.resolve()
    await this.#checking
  }

  #check(): void {
    this.#cancelCheck?.()
    this.#cancelCheck = undefined
    this.#checking = (this.#checking ?? Promise.resolve()).then(() => this.#identifyOthers())
  }

  async #identifyOthers(): Promise<void> {
    const urls = new Set(this.#membership?.otherAddresses())
    if (this.#duplicate) urls.add(this.#duplicate.url)
    await Promise.all([...urls].map(url => this.#identifyAt(url)))
    if (this.#hasChecked) this.#settle()
    if (this.#isClosed || urls.size === 0 || this.#cancelCheck) return
    this.#cancelCheck = this.#context.clock.setTimer(recheckMs, () => this.#check())
  }

  async #identifyAt(url: string): Promise<void> {
    if (this.#isClosed) return
    const own = this.#identity()
    let other: NodeIdentity
    try {
      other = await this.#context.network.identify(url, own)
    } catch (error) {
      // No process listens at the node's earlier address, or the process is not a node.
      this.#context.logger.debug({ err: error, url }, 'no node answers at the address where this id was seen')
      const isListed = this.#membership?.otherAddresses().includes(url)
      if (url === this.#duplicate?.url && !this.#hasYielded && !isListed) this.#duplicate = undefined
      return
    }
    if (other.id === this.id && other.run !== this.#context.run) this.#compare(own, { ...other, url })
    else if (url === this.#duplicate?.url) this.#forgetDuplicate()
  }

  /** Both sides of an exchange compare the same two identities, with opposite results. */
  #compare(own: NodeIdentity, other: NodeIdentity): void {
    const hasYielded = yields({ ...own, hasYielded: this.#hasYielded }, other)
    const isNew = this.#duplicate?.run !== other.run || hasYielded !== this.#hasYielded
    this.#duplicate = { url: other.url, run: other.run }
    this.#hasYielded = hasYielded
    if (isNew) this.#report(this.#duplicate)
    if (!hasYielded) return
    this.#cancelWait()
    this.#writingSince = undefined
    this.#settled.resolve()
  }

  #report(duplicate: Duplicate): void {
    const { logger } = this.#context
    const explanation = `a data folder was copied, and counts that both nodes accepted at the same time may be lost; ${remedy}`
    if (this.#hasYielded)
      logger.error(
        { id: this.id, duplicate },
        `this node refuses writes: another node has the same id; ${explanation}`,
      )
    else
      logger.error(
        { id: this.id, duplicate },
        `another node has the same id, and refuses writes; ${explanation}`,
      )
  }

  #forgetDuplicate(): void {
    this.#context.logger.info(
      { id: this.id, duplicate: this.#duplicate },
      'no other node has the same id any more',
    )
    this.#duplicate = undefined
    this.#hasYielded = false
    this.#settle()
  }

  #settle(): void {
    this.#cancelWait()
    if (this.#hasYielded) return
    this.#writingSince ??= this.#context.clock.monotonic()
    this.#settled.resolve()
  }

  #identity(): NodeIdentity {
    const { clock, run } = this.#context
    const writingMs =
      this.#writingSince === undefined ? 0 : Math.round(clock.monotonic() - this.#writingSince)
    const url = this.#membership?.self.url ?? ''
    return { id: this.id, run, url, writingMs, hasYielded: this.#hasYielded }
  }
}

/** Whether the first of two processes with one id refuses writes; true for exactly one of them. */
function yields(own: NodeIdentity, other: NodeIdentity): boolean {
  if (own.hasYielded !== other.hasYielded) return own.hasYielded
  if (!own.hasYielded && own.writingMs !== other.writingMs) return own.writingMs < other.writingMs
  return own.run < other.run
}
