import type { IncomingHttpHeaders } from 'node:http'
import { frontendRoutes, type Task } from '@darkroom/contracts'
import {
  type App,
  holdSignal,
  type ServiceClients,
  ServiceProblem,
  taskCursors,
  writeCondition,
} from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'
import { imageNotFound, ownerSeenBy, requireImage } from '../access/caller.ts'
import type { ChangeFeed } from '../events/change-feed.ts'
import { setRetryAfter, toImageStatus } from '../image-status.ts'
import { applyPreferredWait } from '../preferred-wait.ts'
import { linkBase } from '../public-urls.ts'
import { waitForEnd } from '../wait-for-end.ts'

export type FrontendClients = Pick<ServiceClients, 'imageMaster' | 'storage' | 'taskDb'>

export function addImageRoutes(
  app: App,
  { storage, taskDb }: FrontendClients,
  feed: ChangeFeed,
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
      const owner = ownerSeenBy(caller)
      const { body } = await taskDb.listTasks({
        querystring: { ...query, ...(owner !== undefined && { owner }) },
      })
      const { tasks, ...page } = body
      const base = linkBase(publicUrls, host)
      return { ...page, images: tasks.map(task => toImageStatus(task, base)) }
    },
  })

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
