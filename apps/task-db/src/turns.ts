/**
 * Owners are served in turn (start-time fair queueing; Goyal, Vin and Cheng, 1996): among the waiting tasks of one
 * urgency, each task of an owner has the turn after the one before, and an owner without waiting tasks begins at the
 * head of the queue. So 5000 waiting tasks of one owner delay the first task of another by one task.
 */
export interface Line {
  /** The least turn of the waiting tasks of this urgency. */
  head: number | undefined
  /** The greatest turn of the owner's tasks among them. */
  last: number | undefined
}

export function nextTurn({ head = 0, last = -1 }: Line): number {
  return Math.max(head, last + 1)
}
