import { type Entry, type State, sizeOf } from '@darkroom/crdt'

/** Changes that still have to be sent to others, each for a number of rounds. */
export class Rumours {
  readonly #roundsLeft = new Map<string, number>()

  /** Starts sending a change, even if an earlier change of the same key was sent often. */
  add(key: string, rounds: number): void {
    this.#roundsLeft.set(key, rounds)
  }

  get isEmpty(): boolean {
    return this.#roundsLeft.size === 0
  }

  /**
   * The entries for one round: as many as fit into a message of `maxBytes`, first the entries with the most rounds left. The
   * round doesn't count for the other entries.
   */
  take(state: State, maxBytes: number): Entry[] {
    const keys = [...this.#roundsLeft].toSorted(([, one], [, other]) => other - one).map(([key]) => key)
    const entries = pack(state, keys, maxBytes)
    for (const key of keys.slice(0, entries.length)) {
      const left = (this.#roundsLeft.get(key) ?? 0) - 1
      if (left > 0) this.#roundsLeft.set(key, left)
      else this.#roundsLeft.delete(key)
    }
    return entries
  }
}

/** The entries of the first keys, as many as fit into `maxBytes`, but at least one. Stops at an unknown key. */
export function pack(state: State, keys: readonly string[], maxBytes: number): Entry[] {
  const entries: Entry[] = []
  let bytes = 0
  for (const key of keys) {
    const entry = state.get(key)
    if (!entry) break
    bytes += sizeOf(entry)
    if (bytes > maxBytes && entries.length > 0) break
    entries.push(entry)
  }
  return entries
}
