import type { Task } from '@darkroom/contracts'

/** The effect of an event on a task. */
export type Outcome =
  | { kind: 'changed'; task: Task }
  /** The event was applied before (its response was lost), and still holds. */
  | { kind: 'repeated'; task: Task }
  /** The task no longer has the state or the lease that the event requires; nothing changed. */
  | { kind: 'refused'; reason: string }

export function refuse(reason: string): Outcome {
  return { kind: 'refused', reason }
}
