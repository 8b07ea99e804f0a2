import { hasEnded } from '@darkroom/contracts'
import type { ChangeFeed } from './change-feed.ts'

/** After this many ends, the recording stops, so that a slow upload costs little. */
const maxEnds = 1000

/**
 * Records which tasks end while an upload is passed on, because the id of its own task isn't known yet. Usually the record
 * shows that the accepted task has not ended, so the task need not be read.
 */
export class RecordedEnds implements Disposable {
  readonly #ids = new Set<string>()
  /** Ends the recording. */
  readonly stop: () => void
  /** Whether no end was missed since the recording began. */
  #isWhole: boolean

  constructor(feed: Pick<ChangeFeed, 'isOpen' | 'listen'>) {
    this.#isWhole = feed.isOpen
    this.stop = feed.listen(change => {
      if (change.kind === 'unknown') this.#isWhole = false
      else if (change.kind === 'deleted' || hasEnded(change)) this.#add(change.id)
    })
  }

  /** Whether the task has neither ended nor been deleted until now; false if this is unknown. */
  excludes(id: string): boolean {
    return this.#isWhole && !this.#ids.has(id)
  }

  [Symbol.dispose](): void {
    this.stop()
  }

  #add(id: string): void {
    if (this.#ids.size < maxEnds) this.#ids.add(id)
    else this.#isWhole = false
    if (!this.#isWhole) this.stop()
  }
}
