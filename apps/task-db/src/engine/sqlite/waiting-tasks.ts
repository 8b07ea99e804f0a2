import { abilitiesBeyond, type Task } from '@darkroom/contracts'
import { type Exchange, exchangeTurns, nextTurn } from '../../turns.ts'
import { type prepareStatements, read } from './statements.ts'

/** The waiting tasks, in the order of their turns. */
export class WaitingTasks {
  readonly #statements: ReturnType<typeof prepareStatements>

  constructor(statements: ReturnType<typeof prepareStatements>) {
    this.#statements = statements
  }

  /** Whether there is a task that needs no ability beyond those in `decodes`. */
  hasAny(decodes: readonly string[]): boolean {
    const isLimited = abilitiesBeyond(decodes).length > 0
    return isLimited ? this.next(decodes) !== undefined : this.#statements.anyWaiting.get() !== undefined
  }

  /** The task whose turn has come. Tasks that need an ability that isn't in `decodes` are skipped. */
  next(decodes: readonly string[]): Task | undefined {
    const beyond = abilitiesBeyond(decodes)
    return beyond.length === 0
      ? read(this.#statements.next)
      : read(this.#statements.nextExcept, JSON.stringify(beyond))
  }

  /** The turn of a task that begins to wait; none for a task without an owner. */
  turnFor({ owner }: Pick<Task, 'owner'>): number | undefined {
    if (owner === undefined) return undefined
    const turn = (row: Record<string, unknown> | undefined) => (row ? Number(row.turn) : undefined)
    const head = turn(this.#statements.headTurn.get())
    return nextTurn({ head, last: turn(this.#statements.lastTurn.get(owner)) })
  }

  /** The owner's most urgent task takes the turn of the task that is due. */
  exchange(due: Task, decodes: readonly string[] = []): Exchange {
    if (due.owner === undefined || due.state !== 'not-started') return { claimed: [due], deferred: [] }
    const beyond = abilitiesBeyond(decodes)
    const mostUrgent =
      beyond.length === 0
        ? read(this.#statements.mostUrgent, due.owner)
        : read(this.#statements.mostUrgentExcept, due.owner, JSON.stringify(beyond))
    return exchangeTurns([due], mostUrgent ? [mostUrgent] : [])
  }
}
