import type { Task } from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import type { TaskStore } from './engine/engine.ts'
import type { TaskEvent } from './transitions.ts'

/** The task after the event. @throws ServiceProblem 404, or 409 when the event came too late */
export async function applyEvent(store: TaskStore, id: string, event: TaskEvent): Promise<Task> {
  const outcome = (await store.apply(id, event)) ?? taskNotFound(id)
  if (outcome.kind !== 'refused') return outcome.task
  throw new ServiceProblem(409, event.type === 'claim' ? 'not-claimable' : 'lease-lost', outcome.reason)
}

export function taskNotFound(id: string): never {
  throw new ServiceProblem(404, 'task-not-found', `there is no task ${id}`)
}
