import { type Entry, State } from '@darkroom/crdt'
import type { StateStore } from '../engine/engine.ts'
import { Draft } from './draft.ts'

interface Write {
  apply(draft: Draft): void
  committed(): void
  failed(error: unknown): void
}

/**
 * The state, in memory and on disk. All writes, of this node and of others, are done in groups, one after the other. Each
 * group is applied to a draft, and the draft is saved. After that, the draft becomes the state, is sent to others, and is
 * acknowledged. So no other node gets a change that a crash could undo. Otherwise, after a crash, the others would have a
 * higher count of this node than the node itself, and would ignore its next increments.
 *
 *     write ─┐
 *     write ─┼─> draft ─> save (fsync) ─> new state ─> all acknowledged
 *     write ─┘
 */
export class Ledger {
  readonly state: State
  readonly #store: StateStore
  readonly #onChange: (entries: readonly Entry[]) => void
  #waiting: Write[] = []
  #isWriting = false

  constructor(options: {
    store: StateStore
    entries: readonly Entry[]
    /** Called with entries after they are saved. */
    onChange(entries: readonly Entry[]): void
  }) {
    this.state = new State(options.entries)
    this.#store = options.store
    this.#onChange = options.onChange
  }

  /**
   * Runs a step, which reads and puts entries, in the next group; resolves with its result once that is on disk. A step
   * that throws must not have put anything.
   */
  write<Result>(step: (draft: Draft) => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      let result: Result
      this.#waiting.push({
        apply: draft => {
          result = step(draft)
        },
        committed: () => resolve(result),
        failed: reject,
      })
      void this.#writeOn()
    })
  }

  async #writeOn(): Promise<void> {
    if (this.#isWriting) return
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const group = this.#waiting
      this.#waiting = []
      await this.#commit(group)
    }
    this.#isWriting = false
  }

  async #commit(group: readonly Write[]): Promise<void> {
    const draft = new Draft(this.state)
    const applied = group.filter(write => applies(write, draft))
    const entries = draft.changed()
    try {
      if (entries.length > 0) await this.#store.save(entries)
    } catch (error) {
      for (const write of applied) write.failed(error)
      return
    }
    for (const entry of entries) this.state.merge(entry)
    for (const write of applied) write.committed()
    if (entries.length > 0) this.#onChange(entries)
  }
}

function applies(write: Write, draft: Draft): boolean {
  try {
    write.apply(draft)
    return true
  } catch (error) {
    write.failed(error)
    return false
  }
}
