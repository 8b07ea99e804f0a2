import { type Clock, systemClock } from '@darkroom/service-kit'

/** For this long, a member that failed is tried only if all others have failed, too. */
const suspicionMs = 5000

/** Selects the member to use: the same member for as long as it answers. */
export class Endpoints {
  readonly #urls: readonly string[]
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #suspectUntil = new Map<string, number>()
  #preferred: number

  /** `first` is the index of the first member to use; random by default, to spread the copies over the members. */
  constructor(
    urls: readonly string[],
    { clock = systemClock as Pick<Clock, 'monotonic'>, first = Math.floor(Math.random() * urls.length) } = {},
  ) {
    this.#urls = urls
    this.#clock = clock
    this.#preferred = first
  }

  /** The current member; if it is suspect, the next member that isn't, or the member that was suspected first. */
  pick(): string {
    const inTurn = this.#urls.map((_, n) => this.#urls[(this.#preferred + n) % this.#urls.length] ?? '')
    const [best = ''] = inTurn.toSorted((a, b) => this.#suspicion(a) - this.#suspicion(b))
    this.#preferred = this.#urls.indexOf(best)
    return best
  }

  /** Marks a member that didn't answer. */
  suspect(url: string): void {
    this.#suspectUntil.set(url, this.#clock.monotonic() + suspicionMs)
  }

  #suspicion(url: string): number {
    const until = this.#suspectUntil.get(url) ?? 0
    return until > this.#clock.monotonic() ? until : 0
  }
}
