import { type Member, NodeRegistration, registrationPrefix } from '@darkroom/contracts'
import { type KvClient, type Logger, watchPrefix } from '@darkroom/service-kit'
import { Value } from 'typebox/value'
import type { Membership } from './membership.ts'

/**
 * Membership by the registrations of cluster-state in kv-config, of which a node's own is one. A killed node is a
 * member for as long as its lease lasts (10 s). While kv-config is away, who was known stands.
 */
export class KvMembership implements Membership {
  readonly self: Member
  #members: readonly Member[] = []
  readonly #listeners = new Set<() => void>()
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>

  constructor({ self, kv, logger }: { self: Member; kv: KvClient; logger: Logger }) {
    this.self = self
    const prefix = registrationPrefix('cluster-state')
    this.#watching = watchPrefix({
      kv,
      prefix,
      logger,
      signal: this.#closing.signal,
      onChange: values => {
        const nodes = [...values].flatMap(([key, value]) =>
          readMember(key.slice(prefix.length), value, logger),
        )
        this.#members = nodes.filter(({ id }) => id !== self.id)
        for (const listener of this.#listeners) listener()
      },
    })
  }

  members(): readonly Member[] {
    return this.#members
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** It goes on with whom it knows, so it is always ready. */
  async checkReady(): Promise<void> {}

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }
}

function readMember(id: string, value: Uint8Array, logger: Logger): Member[] {
  try {
    const { url, dataCentre } = Value.Parse(NodeRegistration, JSON.parse(Buffer.from(value).toString()))
    return [{ id, url, dataCentre }]
  } catch (error) {
    logger.warn({ err: error, id }, 'this registration is no node and is passed over')
    return []
  }
}
