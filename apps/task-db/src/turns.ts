import type { Task } from '@darkroom/contracts'

export interface Line {
  /** The least turn of all waiting tasks. */
  head: number | undefined
  /** The greatest turn of the owner's waiting tasks. */
  last: number | undefined
}

/** Both engines keep turns as integers; PostgreSQL in 32 bits. Tasks with the last turn are served by their urgency. */
const lastTurn = 2 ** 31 - 1

/**
 * The turn of an owner's new task. Owners are served in turn (start-time fair queueing; Goyal, Vin and Cheng, 1996): each
 * waiting task of an owner comes two turns after the owner's previous task, whatever its urgency, and an owner without
 * waiting tasks begins one turn after the head of the queue. So 5000 waiting tasks of one owner delay the first task of
 * another by one task; and owners who upload whenever a task has ended don't delay owners who uploaded many images at once,
 * because the head moves on. When an owner's turn comes, its most urgent task takes that turn.
 */
export function nextTurn({ head = -1, last = -2 }: Line): number {
  return Math.min(Math.max(head + 1, last + 2), lastTurn)
}

export interface Exchange {
  /** The tasks to claim, as many as are due, each with the turn of a task that is due. */
  claimed: Task[]
  /** The tasks that were due but not chosen, with the turns of the tasks that were chosen instead. */
  deferred: Task[]
}

/**
 * Chooses the most urgent tasks for the turns of one owner.
 *
 * @param due - the owner's tasks whose turn has come
 * @param mostUrgent - the owner's most urgent tasks, as many as are due; they may contain tasks that are due
 */
export function exchangeTurns(due: readonly Task[], mostUrgent: readonly Task[]): Exchange {
  const dueIds = new Set(due.map(({ id }) => id))
  const others = mostUrgent.filter(({ id }) => !dueIds.has(id))
  const chosen = [...due, ...others].sort(byUrgency).slice(0, due.length)
  const chosenIds = new Set(chosen.map(({ id }) => id))
  const freed = chosen.filter(({ id }) => !dueIds.has(id))
  const left = due.filter(({ id }) => !chosenIds.has(id))
  return { claimed: withTurnsOf(chosen, due), deferred: withTurnsOf(left, freed) }
}

export function byUrgency(one: Task, other: Task): number {
  return one.urgency - other.urgency || (one.id < other.id ? -1 : 1)
}

function withTurnsOf(tasks: readonly Task[], others: readonly Task[]): Task[] {
  return tasks.map((task, index) => ({ ...task, turn: others[index]?.turn ?? 0 }))
}
