import type { KeyDescription, Role, Task } from '@darkroom/contracts'
import { type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { findTask } from '@darkroom/service-kit/images'

/** The grant of a caller. */
export interface Grant {
  id: string
  /** In seconds since 1970. */
  expiresAt: number
}

/** The user or operator that sends a request. */
export interface Caller {
  role: Role
  /** The owner of its uploads. Without an owner they belong to the operators. */
  owner?: string
  /** The id of its key. */
  keyId?: string
  /** The grant that it holds: it sees only the images that were uploaded with the grant. */
  grant?: Grant
  /** The URL that gets webhooks about its images by default. */
  callback?: string
  /** The end of its session or grant, in seconds since 1970. */
  expiresAt?: number
}

/** The caller of every request to an open frontend. */
export const anyone: Caller = { role: 'operator' }

export function callerWithKey({ id, role, owner, callback }: KeyDescription): Caller {
  return { role, owner, keyId: id, ...(callback !== undefined && { callback }) }
}

/** The owner whose images a caller sees; undefined if it sees all images. */
export function ownerSeenBy({ role, owner, grant }: Caller): string | undefined {
  if (grant) return owner
  // Without this check, a user without an owner would see all images.
  if (role === 'user' && owner === undefined) throw new Error('a user has no owner')
  return role === 'operator' ? undefined : owner
}

export function maySee(caller: Caller, task: Pick<Task, 'id' | 'owner'>): boolean {
  const { grant } = caller
  if (grant) return task.owner === caller.owner && isOfGrant(grant, task.id)
  const owner = ownerSeenBy(caller)
  return owner === undefined || task.owner === owner
}

/** Whether an image, or a resumable upload, began with a grant: its id ends like the grant's. */
export function isOfGrant({ id }: Grant, imageId: string): boolean {
  return imageId.endsWith(`-${id}`)
}

/** Finds the task of an image; undefined also if the caller may not see it. */
export async function findImage(
  taskDb: ServiceClients['taskDb'],
  caller: Caller,
  id: string,
): Promise<Task | undefined> {
  const task = await findTask(taskDb, id)
  return task && maySee(caller, task) ? task : undefined
}

/** @throws ServiceProblem 404 also if the caller may not see the image */
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
