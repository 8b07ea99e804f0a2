import type { IncomingHttpHeaders } from 'node:http'
import { frontendRoutes, TaskId } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import {
  type App,
  holdSignal,
  type ServiceClients,
  ServiceProblem,
  taskCursors,
  writeCondition,
} from '@darkroom/service-kit'
import { deleteImage, findTask } from '@darkroom/service-kit/images'
import { setRetryAfter, toImageStatus } from '../image-status.ts'
import { applyPreferredWait } from '../preferred-wait.ts'
import { linkBase } from '../public-urls.ts'
import { waitForEnd } from '../wait-for-end.ts'

export type FrontendClients = Pick<ServiceClients, 'imageMaster' | 'storage' | 'taskDb'>

export function addImageRoutes(
  app: App,
  { storage, taskDb }: FrontendClients,
  publicUrls: readonly URL[],
): void {
  app.route({
    ...frontendRoutes.getImage,
    handler: async ({ params: { id }, headers: { prefer }, host }, reply) => {
      const wait = applyPreferredWait(prefer, reply)
      const found =
        wait > 0 ? await waitForEnd(taskDb, id, wait, holdSignal(reply, wait)) : await findTask(taskDb, id)
      const task = found ?? imageNotFound(id)
      setRetryAfter(reply, task)
      return toImageStatus(task, linkBase(publicUrls, host))
    },
  })

  app.route({
    ...frontendRoutes.listImages,
    handler: async ({ query, host }) => {
      taskCursors.read(query.cursor) // the task DB would refuse it, too, but not in an answer to the client
      const { body } = await taskDb.listTasks({ querystring: query })
      const { tasks, ...page } = body
      const base = linkBase(publicUrls, host)
      return { ...page, images: tasks.map(task => toImageStatus(task, base)) }
    },
  })

  app.route({
    ...frontendRoutes.deleteImage,
    handler: async ({ params: { id }, headers }, reply) => {
      await requireCondition(id, headers, taskDb)
      const existed = Value.Check(TaskId, id) && (await deleteImage(id, { storage, taskDb }))
      return existed ? reply.code(204).send() : imageNotFound(id)
    },
  })
}

/** Checked before the deletion, not with it. A status document has no entity tag: only `*` matches it. */
async function requireCondition(
  id: string,
  headers: IncomingHttpHeaders,
  taskDb: FrontendClients['taskDb'],
): Promise<void> {
  const holds = writeCondition(headers)
  if (!holds) return
  const { finishedAt, startedAt, createdAt } = (await findTask(taskDb, id)) ?? imageNotFound(id)
  const modifiedAt = new Date(finishedAt ?? startedAt ?? createdAt)
  if (holds({ etag: '', modifiedAt })) return
  throw new ServiceProblem(
    412,
    'precondition-failed',
    `the image ${id} is not as presumed; it was not deleted`,
  )
}

export function imageNotFound(id: string): never {
  throw new ServiceProblem(404, 'image-not-found', `there is no image ${id}`)
}
