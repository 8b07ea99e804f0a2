import { type Clock, systemClock } from '@darkroom/service-kit'

/** How long a member that failed is asked only if all others failed, too. */
const suspicionMs = 5000

/** Which member of a cluster to ask: the same one for as long as it answers. */
export class Endpoints {
  readonly #urls: readonly string[]
  readonly #clock: Pick<Clock, 'monotonic'>
  readonly #suspectUntil = new Map<string, number>()
  #preferred: number

  /** `first` is the place of the one to begin with; by default any, so that copies don't all lean on one. */
  constructor(
    urls: readonly string[],
    { clock = systemClock as Pick<Clock, 'monotonic'>, first = Math.floor(Math.random() * urls.length) } = {},
  ) {
    this.#urls = urls
    this.#clock = clock
    this.#preferred = first
  }

  /** The preferred one, or else the next that isn't suspect, or else the one that was suspected first. */
  pick(): string {
    const inTurn = this.#urls.map((_, n) => this.#urls[(this.#preferred + n) % this.#urls.length] ?? '')
    const [best = ''] = inTurn.toSorted((a, b) => this.#suspicion(a) - this.#suspicion(b))
    this.#preferred = this.#urls.indexOf(best)
    return best
  }

  /** Says that a member didn't answer. */
  suspect(url: string): void {
    this.#suspectUntil.set(url, this.#clock.monotonic() + suspicionMs)
  }

  #suspicion(url: string): number {
    const until = this.#suspectUntil.get(url) ?? 0
    return until > this.#clock.monotonic() ? until : 0
  }
}
