import type { KeyDescription, Role, Task } from '@darkroom/contracts'
import { type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { findTask } from '@darkroom/service-kit/images'

/** On whose behalf a request is made. */
export interface Caller {
  role: Role
  /** Whose its uploads are; none: the operators'. */
  owner?: string
  /** The id of the key that it showed. */
  keyId?: string
}

/** Every caller of a frontend that is open. */
export const anyone: Caller = { role: 'operator' }

export function callerOf({ id, role, owner }: KeyDescription): Caller {
  return { role, owner, keyId: id }
}

/** Whose images alone a caller sees; undefined: all. */
export function ownerSeenBy({ role, owner }: Caller): string | undefined {
  // Without an owner a user would see all.
  if (role === 'user' && owner === undefined) throw new Error('a user has no owner')
  return role === 'operator' ? undefined : owner
}

export function maySee(caller: Caller, task: Pick<Task, 'owner'>): boolean {
  const owner = ownerSeenBy(caller)
  return owner === undefined || task.owner === owner
}

/** The task of an image that the caller may see: others' are like those that are not there. */
export async function findImage(
  taskDb: ServiceClients['taskDb'],
  caller: Caller,
  id: string,
): Promise<Task | undefined> {
  const task = await findTask(taskDb, id)
  return task && maySee(caller, task) ? task : undefined
}

/** @throws ServiceProblem 404 also for others' images */
export async function requireImage(
  taskDb: ServiceClients['taskDb'],
  caller: Caller,
  id: string,
): Promise<Task> {
  return (await findImage(taskDb, caller, id)) ?? imageNotFound(id)
}

export function imageNotFound(id: string): never {
  throw new ServiceProblem(404, 'image-not-found', `there is no image ${id}`)
}
