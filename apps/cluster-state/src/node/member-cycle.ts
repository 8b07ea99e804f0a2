import type { Member } from '@darkroom/contracts'

/**
 * Members in random order, each once before any is repeated, like SWIM's probes (Das et al. 2002, section 4.3). So in a
 * small data centre every member is reached within a few rounds; independent draws would miss some members for long.
 */
export class MemberCycle {
  readonly #random: () => number
  #coming: string[] = []

  constructor(random: () => number) {
    this.#random = random
  }

  /** Takes up to `count` of the candidates, each once. */
  take(candidates: readonly Member[], count: number): Member[] {
    const byId = new Map(candidates.map(member => [member.id, member]))
    const taken: Member[] = []
    const takeFrom = (ids: string[]) => {
      while (taken.length < count) {
        const id = ids.pop()
        if (id === undefined) return
        const member = byId.get(id)
        if (member && byId.delete(id)) taken.push(member)
      }
    }
    takeFrom(this.#coming)
    if (taken.length < count && byId.size > 0) {
      const all = shuffle(
        candidates.map(({ id }) => id),
        this.#random,
      )
      // The members just taken belong to the cycle that has ended.
      takeFrom(all)
      this.#coming = all
    }
    return taken
  }
}

/** The same items in random order (Fisher and Yates). */
export function shuffle<Item>(items: readonly Item[], random: () => number): Item[] {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1))
    const [one, two] = [shuffled[last], shuffled[other]]
    if (one !== undefined && two !== undefined) [shuffled[last], shuffled[other]] = [two, one]
  }
  return shuffled
}
