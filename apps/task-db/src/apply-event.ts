import type { Task } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import type { TaskStore } from './engine/engine.ts'
import type { Outcomes } from './outcomes.ts'
import type { TaskEvent } from './transitions.ts'

export interface CountedStore {
  store: TaskStore
  outcomes: Pick<Outcomes, 'add'>
}

/** Returns the task after the event. @throws ServiceProblem 404, or 409 when the event came too late */
export async function applyEvent(
  { store, outcomes }: CountedStore,
  id: string,
  event: TaskEvent,
): Promise<{ task: Task; isRepeated: boolean }> {
  const outcome = (await store.apply(id, event)) ?? taskNotFound(id)
  if (outcome.kind === 'changed') outcomes.add(outcome.task)
  if (outcome.kind !== 'refused') return { task: outcome.task, isRepeated: outcome.kind === 'repeated' }
  throw new ServiceProblem(409, refusals[event.type] ?? 'lease-lost', outcome.reason)
}

const refusals: Partial<Record<TaskEvent['type'], string>> = {
  claim: 'not-claimable',
  retry: 'not-failed',
}

export function taskNotFound(id: string): never {
  throw new ServiceProblem(404, 'task-not-found', `there is no task ${id}`)
}
