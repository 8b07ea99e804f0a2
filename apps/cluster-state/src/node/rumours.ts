import { type Entry, type State, sizeOf } from '@darkroom/crdt'

/** What others are still to be told of, each for some rounds more. */
export class Rumours {
  readonly #roundsLeft = new Map<string, number>()

  /** Tells of a change from now on, however often an earlier one of the same key was told. */
  add(key: string, rounds: number): void {
    this.#roundsLeft.set(key, rounds)
  }

  get isEmpty(): boolean {
    return this.#roundsLeft.size === 0
  }

  /**
   * The entries for one round, those told least so far first, as many as go into a message of so many bytes; for the
   * others the round doesn't count.
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

/** The entries of the first of these keys: as many as go into so many bytes, and one at least. Unknown keys end it. */
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
