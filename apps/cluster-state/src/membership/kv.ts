import { type Member, NodeRegistration, registrationPrefix } from '@darkroom/contracts'
import { type KvClient, type Logger, readJson, watchPrefix } from '@darkroom/service-kit'
import type { Membership } from './membership.ts'

/**
 * Membership through the registrations of cluster-state in kv-config; each node has one. A killed node stays a member
 * until its lease expires (10 s). While kv-config doesn't answer, the last known members stay.
 */
export class KvMembership implements Membership {
  readonly self: Member
  readonly #firstRead = Promise.withResolvers<void>()
  #members: readonly Member[] = []
  #otherAddresses: readonly string[] = []
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>

  constructor({ self, run, kv, logger }: { self: Member; run: string; kv: KvClient; logger: Logger }) {
    this.self = self
    const prefix = registrationPrefix('cluster-state')
    this.#watching = watchPrefix({
      kv,
      prefix,
      logger,
      signal: this.#closing.signal,
      onChange: values => {
        const nodes = [...values].flatMap(([key, value]) => readNode(key.slice(prefix.length), value, logger))
        this.#update(nodes, run)
      },
    })
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

  /** The node continues with the known members, so the membership is always ready. */
  async checkReady(): Promise<void> {}

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }

  #update(nodes: readonly RegisteredNode[], run: string): void {
    const own = nodes.filter(({ id }) => id === this.self.id)
    const others = nodes.filter(({ id }) => id !== this.self.id)
    // For each id, use the process that started last: the registration of a killed process stays for a while.
    const oldestFirst = others.toSorted((one, other) => one.since - other.since)
    const members = oldestFirst.map(({ id, url, dataCentre }) => [id, { id, url, dataCentre }] as const)
    this.#members = [...new Map(members).values()]
    this.#otherAddresses = own.filter(node => node.run !== run).map(({ url }) => url)
    if (own.some(node => node.run === run)) this.#firstRead.resolve()
    for (const listener of this.#listeners) listener()
  }
}

interface RegisteredNode extends Member {
  run: string | undefined
  /** In milliseconds since 1970, by the node's clock. */
  since: number
}

function readNode(instance: string, value: Uint8Array, logger: Logger): RegisteredNode[] {
  const registration = readJson(NodeRegistration, value)
  if (registration) {
    const { id = instance, url, dataCentre, run, since } = registration
    return [{ id, url, dataCentre, run, since: since === undefined ? 0 : Date.parse(since) }]
  }
  logger.warn({ instance }, 'skipped a registration that is not a valid node')
  return []
}
