import type { NewTask } from '@darkroom/contracts'
import { type Line, nextTurn } from '../../turns.ts'

/** The line of an owner, as a row. */
export interface LineRow {
  owner: string | null
  head: number | null
  last: number | null
}

export const headTurn = `(SELECT turn FROM tasks AS waiting WHERE state = 'not-started'
  ORDER BY turn, urgency, id LIMIT 1) AS head`

export function lastTurnOf(owner: string): string {
  return `(SELECT turn FROM tasks AS waiting WHERE state = 'not-started' AND waiting.owner <> ''
    AND waiting.owner = ${owner} ORDER BY turn DESC LIMIT 1) AS last`
}

/** Gives turns to the tasks of one transaction. Simultaneous transactions may give an owner the same turn twice. */
export class OwnerTurns {
  readonly #lines = new Map<string, Line>()

  constructor(rows: readonly LineRow[]) {
    for (const { owner, head, last } of rows)
      if (owner !== null) this.#lines.set(owner, { head: head ?? undefined, last: last ?? undefined })
  }

  /** Undefined for a task without an owner. */
  next({ owner }: Pick<NewTask, 'owner'>): number | undefined {
    if (owner === undefined) return undefined
    const line = this.#lines.get(owner) ?? { head: undefined, last: undefined }
    const turn = nextTurn(line)
    this.#lines.set(owner, { ...line, last: turn })
    return turn
  }
}
