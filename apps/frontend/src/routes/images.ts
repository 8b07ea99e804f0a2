import type { IncomingHttpHeaders } from 'node:http'
import { frontendRoutes, type GrantRecord, leastIdSince, type Task } from '@darkroom/contracts'
import type { Static } from '@darkroom/contracts/typebox'
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
import type { GrantStore } from '../access/grant-store.ts'
import type { ChangeFeed } from '../events/change-feed.ts'
import { waitForEnd } from '../events/wait-for-end.ts'
import { setRetryAfter, toImageStatus } from '../images/image-status.ts'
import { applyPreferredWait } from '../images/preferred-wait.ts'
import { linkBase } from '../public-urls.ts'
import type { DeletedUploads } from '../uploads/deleted-uploads.ts'

type ListQuery = Static<typeof frontendRoutes.listImages.schema.querystring>
type TaskPage = { tasks: Task[]; next?: string }

export function addImageRoutes(
  app: App,
  { storage, taskDb }: Pick<ServiceClients, 'storage' | 'taskDb'>,
  { feed, grants, deleted }: { feed: ChangeFeed; grants: GrantStore; deleted: DeletedUploads },
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
      // An invalid cursor is refused here, because an error from the task DB would not reach the client.
      const cursor = taskCursors.read(query.cursor)
      const { tasks, ...page } = caller.grant
        ? await listGranted(taskDb, caller, await grants.read(caller.grant), query, cursor)
        : await listOwn(taskDb, caller, query)
      const base = linkBase(publicUrls, host)
      return { ...page, images: tasks.map(task => toImageStatus(task, base)) }
    },
  })

  app.route({
    ...frontendRoutes.deleteByKey,
    handler: async ({ query: { idempotencyKey }, caller: { owner } }, reply) => {
      await deleted.delete({ idempotencyKey, ...(owner !== undefined && { owner }) })
      return reply.code(204).send()
    },
  })

  app.route({
    ...frontendRoutes.deleteImage,
    handler: async ({ params: { id }, headers, caller }, reply) => {
      const task = await requireImage(taskDb, caller, id)
      requireCondition(task, headers)
      // If the response of the task DB is lost, its client repeats the deletion, and finds no task.
      await deleteImage(task, { storage, taskDb })
      return reply.code(204).send()
    },
  })
}

async function listOwn(
  taskDb: ServiceClients['taskDb'],
  caller: Caller,
  query: ListQuery,
): Promise<TaskPage> {
  const owner = ownerSeenBy(caller)
  const { body } = await taskDb.listTasks({
    querystring: { ...query, ...(owner !== undefined && { owner }) },
  })
  return body
}

/** A grant has at most a hundred images, so all are read for each page. */
async function listGranted(
  taskDb: ServiceClients['taskDb'],
  caller: Caller,
  { used }: GrantRecord,
  { state, since, preset, limit = 100 }: ListQuery,
  cursor: string | undefined,
): Promise<TaskPage> {
  const least = since === undefined ? '' : leastIdSince(Date.parse(since))
  const ids = used.map(({ id }) => id).filter(id => id >= least && (cursor === undefined || id < cursor))
  const found = await Promise.all(ids.map(id => findImage(taskDb, caller, id)))
  const tasks = found
    .filter(task => task !== undefined)
    .filter(task => state === undefined || task.state === state)
    .filter(task => preset === undefined || task.preset === preset)
    .sort((one, other) => (one.id < other.id ? 1 : -1))
  const last = tasks[limit - 1]
  return taskCursors.write({ tasks: tasks.slice(0, limit), ...(last && { next: last.id }) })
}

/** Checked before the deletion, not atomically with it. A status document has no entity tag, so only `*` matches it. */
function requireCondition(
  { id, finishedAt, startedAt, retriedAt, createdAt }: Task,
  headers: IncomingHttpHeaders,
): void {
  const holds = writeCondition(headers)
  const modifiedAt = new Date(finishedAt ?? startedAt ?? retriedAt ?? createdAt)
  if (!holds || holds({ etag: '', modifiedAt })) return
  throw new ServiceProblem(
    412,
    'precondition-failed',
    `the image ${id} does not match If-Match or If-None-Match; it was not deleted`,
  )
}
