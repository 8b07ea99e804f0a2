import { type Client, hasEnded, type Task, type TaskChangeLine, type taskDbRoutes } from '@darkroom/contracts'
import { findTask } from '@darkroom/service-kit/images'
import type { ChangeFeed } from './change-feed.ts'

/**
 * Returns the task when it has ended, or its state when `signal` is aborted; undefined if the task was deleted. The task
 * is read first, unless `isCurrent`: then `lastSeen` is still its state.
 */
export async function waitForEnd(
  { taskDb, feed }: { taskDb: Client<typeof taskDbRoutes>; feed: ChangeFeed },
  lastSeen: Task,
  signal: AbortSignal,
  { isCurrent = false } = {},
): Promise<Task | undefined> {
  if (hasEnded(lastSeen) || signal.aborted) return lastSeen
  let wake = () => {}
  let ended: Task | undefined
  let task: Task | undefined = lastSeen
  let mustRead = !isCurrent
  const stopListening = feed.listenTo(lastSeen.id, change => {
    if (!mayBeTheEnd(change)) return
    if (change.kind === 'stored') ended = change.task
    wake()
  })
  const giveUp = () => wake()
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    for (;;) {
      const woken = new Promise<void>(resolve => (wake = resolve))
      // Usually, the task is read even before the first change, because it may have ended before the listener was added.
      if (mustRead) task = await findTask(taskDb, lastSeen.id)
      if (!task || hasEnded(task) || signal.aborted) return task
      await woken
      if (ended || signal.aborted) return ended ?? task
      mustRead = true
    }
  } finally {
    stopListening()
    signal.removeEventListener('abort', giveUp)
  }
}

function mayBeTheEnd(change: TaskChangeLine): boolean {
  return change.kind !== 'stored' || hasEnded(change)
}
