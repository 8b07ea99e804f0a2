import { once } from 'node:events'
import type { TaskChange, TaskStore } from './engine/engine.ts'

/** Resolves once the task's version is past `after`, the task is gone, or `signal` is aborted. */
export async function waitForVersion(
  store: TaskStore,
  id: string,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  const changes = new EventTarget()
  const stopListening = store.onChange(change => {
    if (mayConcern(id, change)) changes.dispatchEvent(new Event('change'))
  })
  try {
    for (;;) {
      const changed = once(changes, 'change', { signal }).catch(() => undefined)
      const task = await store.get(id)
      if (!task || task.version > after || signal.aborted) return
      await changed
    }
  } finally {
    stopListening()
  }
}

function mayConcern(id: string, change: TaskChange): boolean {
  switch (change.kind) {
    case 'stored':
      return change.task.id === id
    case 'deleted':
      return change.id === id
    case 'unknown':
      return true
  }
}
