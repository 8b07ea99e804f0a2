import { frontendRoutes } from '@darkroom/contracts'
import { type App, type ServiceClients, ServiceProblem, taskCursors } from '@darkroom/service-kit'
import { imageNotFound, requireImage } from '../access/caller.ts'
import { setRetryAfter, toImageStatus } from '../images/image-status.ts'
import { retryMany } from '../images/retry-many.ts'
import { linkBase } from '../public-urls.ts'

/** The queue needs no message: a separate queue is compared with the task DB every few seconds. */
export function addRetryRoutes(
  app: App,
  { taskDb }: Pick<ServiceClients, 'taskDb'>,
  publicUrls: readonly URL[],
): void {
  app.route({
    ...frontendRoutes.retryImages,
    handler: async ({ query: { state: _, limit = 1000, cursor, count, ...filters }, caller, log }) => {
      taskCursors.read(cursor) // refused here, because an error from the task DB would not reach the client
      const isCountOnly = count !== undefined
      const outcome = await retryMany(taskDb, filters, { limit, cursor, isCountOnly })
      if (isCountOnly) return outcome
      log.info(
        { ...filters, retried: outcome.retried, by: caller.keyId },
        'failed images are developed again',
      )
      return outcome
    },
  })

  app.route({
    ...frontendRoutes.retryImage,
    handler: async ({ params: { id }, host, caller }, reply) => {
      await requireImage(taskDb, caller, id)
      const { status, body } = await taskDb.retryTask({ params: { id } })
      if (status === 404) imageNotFound(id)
      if (status === 409) {
        throw new ServiceProblem(
          409,
          'not-failed',
          `the image ${id} has not failed; only failed images are retried`,
        )
      }
      setRetryAfter(reply, body)
      return reply.code(202).send(toImageStatus(body, linkBase(publicUrls, host)))
    },
  })
}
