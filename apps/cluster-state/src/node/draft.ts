import {
  type Count,
  compareEntries,
  countKey,
  type Entry,
  keyOf,
  type Register,
  registerKey,
  type State,
  sumOf,
} from '@darkroom/crdt'

/** The state after a group of writes: the changed entries on top of the current state. */
export class Draft {
  readonly #state: State
  readonly #changed = new Map<string, Entry>()
  readonly #newNames = new Set<string>()
  #newKeys = 0

  constructor(state: State) {
    this.#state = state
  }

  /** Puts an entry, unless the current entry is at least as new; returns whether it did. */
  put(entry: Entry): boolean {
    const key = keyOf(entry)
    const known = this.get(key)
    if (known && compareEntries(known, entry) >= 0) return false
    if (!known) this.#noteNew(entry)
    this.#changed.set(key, entry)
    return true
  }

  get(key: string): Entry | undefined {
    return this.#changed.get(key) ?? this.#state.get(key)
  }

  has(entry: Entry): boolean {
    return this.get(keyOf(entry)) !== undefined
  }

  register(name: string): Register | undefined {
    const entry = this.get(registerKey(name))
    return entry?.kind === 'register' ? entry : undefined
  }

  count(name: string, node: string): Count | undefined {
    const entry = this.get(countKey(name, node))
    return entry?.kind === 'count' ? entry : undefined
  }

  /** The value of a counter. */
  sum(name: string): number {
    const counts = this.changed().filter(entry => entry.kind === 'count')
    const others = this.#state.counts(name).filter(entry => !this.#changed.has(keyOf(entry)))
    return sumOf([...others, ...counts.filter(entry => entry.name === name)])
  }

  /** How many entries the new state has. */
  get size(): number {
    return this.#state.size + this.#newKeys
  }

  /** How many registers, deleted ones included, and counters the new state has. */
  get nameCount(): number {
    return this.#state.nameCount + this.#newNames.size
  }

  changed(): Entry[] {
    return [...this.#changed.values()]
  }

  hasName(kind: Entry['kind'], name: string): boolean {
    return this.#state.hasName(kind, name) || this.#newNames.has(`${kind} ${name}`)
  }

  #noteNew({ kind, name }: Entry): void {
    this.#newKeys++
    if (!this.hasName(kind, name)) this.#newNames.add(`${kind} ${name}`)
  }
}
