import { sumOf } from './counter.ts'
import {
  type CountEntry,
  compareEntries,
  countKey,
  type Entry,
  keyOf,
  type RegisterEntry,
  registerKey,
  type Version,
  versionOf,
} from './entry.ts'
import { Summary } from './summary.ts'

/**
 * Named registers and counters that merge without conflict. States that have merged the same entries are equal, whatever the
 * order and however often they merged them. A state only ever grows: deleted registers leave tombstones, and the counts of
 * lost nodes stay.
 */
export class State {
  readonly #entries = new Map<string, Entry>()
  /** Names are kept separately, so that listing and adding up don't go through all entries. */
  readonly #registers = new Set<string>()
  readonly #counters = new Map<string, Set<string>>()
  readonly #summary = new Summary()

  constructor(entries: Iterable<Entry> = []) {
    for (const entry of entries) this.merge(entry)
  }

  /** Adds an entry unless the existing one is as new. Returns whether it was added. */
  merge(entry: Entry): boolean {
    const key = keyOf(entry)
    const known = this.#entries.get(key)
    if (known !== undefined && compareEntries(known, entry) >= 0) return false
    this.#entries.set(key, entry)
    this.#summary.replace(versionOf(key, entry))
    if (entry.kind === 'register') this.#registers.add(entry.name)
    else this.#nodesOf(entry.name).add(entry.node)
    return true
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** The register; a tombstone if it was deleted. */
  register(name: string): RegisterEntry | undefined {
    const entry = this.#entries.get(registerKey(name))
    return entry?.kind === 'register' ? entry : undefined
  }

  /** The count of each node. */
  counts(name: string): CountEntry[] {
    return [...(this.#counters.get(name) ?? [])].flatMap(node => {
      const entry = this.#entries.get(countKey(name, node))
      return entry?.kind === 'count' ? [entry] : []
    })
  }

  /** The value of a counter; 0 if it was never raised. */
  sum(name: string): number {
    return sumOf(this.counts(name))
  }

  /** The names of all registers that were ever set. */
  registerNames(): ReadonlySet<string> {
    return this.#registers
  }

  counterNames(): MapIterator<string> {
    return this.#counters.keys()
  }

  /** Whether a register (also a deleted one) or a counter has this name. */
  hasName(kind: Entry['kind'], name: string): boolean {
    return kind === 'register' ? this.#registers.has(name) : this.#counters.has(name)
  }

  /** The number of registers, including deleted ones, and counters. */
  get nameCount(): number {
    return this.#registers.size + this.#counters.size
  }

  get size(): number {
    return this.#entries.size
  }

  entries(): MapIterator<Entry> {
    return this.#entries.values()
  }

  /** See Summary. */
  digest(): number[] {
    return this.#summary.digest()
  }

  versions(buckets: readonly number[], page?: { after?: string | undefined; limit: number }): Version[] {
    return this.#summary.versions(buckets, page)
  }

  #nodesOf(name: string): Set<string> {
    const known = this.#counters.get(name)
    if (known) return known
    const nodes = new Set<string>()
    this.#counters.set(name, nodes)
    return nodes
  }
}
