import { imageCounters, type Task } from '@darkroom/contracts'
import { ServiceProblem, type Tally } from '@darkroom/service-kit'
import type { TaskStore } from './engine/engine.ts'
import type { TaskEvent } from './transitions.ts'

export interface CountedStore {
  store: TaskStore
  tally: Pick<Tally, 'add'>
}

/** Returns the task after the event. @throws ServiceProblem 404, or 409 when the event came too late */
export async function applyEvent(
  { store, tally }: CountedStore,
  id: string,
  event: TaskEvent,
): Promise<{ task: Task; isRepeated: boolean }> {
  const outcome = (await store.apply(id, event)) ?? taskNotFound(id)
  if (outcome.kind === 'changed') countEnd(tally, outcome.task)
  if (outcome.kind !== 'refused') return { task: outcome.task, isRepeated: outcome.kind === 'repeated' }
  throw new ServiceProblem(409, refusals[event.type] ?? 'lease-lost', outcome.reason)
}

const refusals: Partial<Record<TaskEvent['type'], string>> = {
  claim: 'not-claimable',
  retry: 'not-failed',
}

/** Counts a task whose state has just changed to finished or failed. Each task gets there only once. */
export function countEnd(tally: CountedStore['tally'], { state, result }: Task): void {
  if (state === 'failed') tally.add(imageCounters.failed)
  if (state !== 'finished') return
  tally.add(imageCounters.finished)
  tally.add(imageCounters.bytesOut, result?.bytes)
}

export function taskNotFound(id: string): never {
  throw new ServiceProblem(404, 'task-not-found', `no task has the id ${id}`)
}
