import type { IncomingHttpHeaders } from 'node:http'
import { frontendRoutes, leastIdSince, type Task, type TaskState } from '@darkroom/contracts'
import {
  type App,
  holdSignal,
  type ServiceClients,
  ServiceProblem,
  taskCursors,
  writeCondition,
} from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import { type Caller, findImage, imageNotFound, ownerSeenBy, requireImage } from '../access/caller.ts'
import type { Grant, GrantBook } from '../access/grant-book.ts'
import type { ChangeFeed } from '../events/change-feed.ts'
import { setRetryAfter, toImageStatus } from '../image-status.ts'
import { applyPreferredWait } from '../preferred-wait.ts'
import { linkBase } from '../public-urls.ts'
import { waitForEnd } from '../wait-for-end.ts'

export type FrontendClients = Pick<ServiceClients, 'imageMaster' | 'storage' | 'taskDb'>

export function addImageRoutes(
  app: App,
  { storage, taskDb }: FrontendClients,
  { feed, grants }: { feed: ChangeFeed; grants: GrantBook },
  publicUrls: readonly URL[],
): void {
  app.route({
    ...frontendRoutes.getImage,
    handler: async ({ params: { id }, headers: { prefer }, host, caller }, reply) => {
      const wait = applyPreferredWait(prefer, reply)
      const found = await requireImage(taskDb, caller, id)
      const waited = wait > 0 ? await waitForEnd({ taskDb, feed }, found, holdSignal(reply, wait)) : found
      const task = waited ?? imageNotFound(id)
      setRetryAfter(reply, task)
      return toImageStatus(task, linkBase(publicUrls, host))
    },
  })

  app.route({
    ...frontendRoutes.listImages,
    handler: async ({ query, host, caller }) => {
      taskCursors.read(query.cursor) // the task DB would refuse it, too, but not in an answer to the client
      const base = linkBase(publicUrls, host)
      if (caller.grant) {
        const tasks = await listGranted(caller.grant, caller, query)
        return { images: tasks.map(task => toImageStatus(task, base)) }
      }
      const owner = ownerSeenBy(caller)
      const { body } = await taskDb.listTasks({
        querystring: { ...query, ...(owner !== undefined && { owner }) },
      })
      const { tasks, ...page } = body
      return { ...page, images: tasks.map(task => toImageStatus(task, base)) }
    },
  })

  /** A grant has at most a hundred images: they are one page. */
  async function listGranted(
    grant: Grant,
    caller: Caller,
    { state, since }: { state?: TaskState; since?: string },
  ): Promise<Task[]> {
    const { used } = await grants.read(grant)
    const least = since === undefined ? '' : leastIdSince(Date.parse(since))
    const ids = used.map(({ id }) => id).filter(id => id >= least)
    const found = await Promise.all(ids.map(id => findImage(taskDb, caller, id)))
    return found
      .filter(task => task !== undefined)
      .filter(task => state === undefined || task.state === state)
      .sort((one, other) => (one.id < other.id ? 1 : -1))
  }

  app.route({
    ...frontendRoutes.deleteImage,
    handler: async ({ params: { id }, headers, caller }, reply) => {
      const task = await requireImage(taskDb, caller, id)
      requireCondition(task, headers)
      const existed = await deleteImage(task, { storage, taskDb })
      return existed ? reply.code(204).send() : imageNotFound(id)
    },
  })
}

/** Checked before the deletion, not with it. A status document has no entity tag: only `*` matches it. */
function requireCondition(
  { id, finishedAt, startedAt, createdAt }: Task,
  headers: IncomingHttpHeaders,
): void {
  const holds = writeCondition(headers)
  const modifiedAt = new Date(finishedAt ?? startedAt ?? createdAt)
  if (!holds || holds({ etag: '', modifiedAt })) return
  throw new ServiceProblem(
    412,
    'precondition-failed',
    `the image ${id} is not as presumed; it was not deleted`,
  )
}
