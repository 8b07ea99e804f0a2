import {
  type Client,
  imageMasterRoutes,
  type Readiness,
  type storageRoutes,
  type Task,
  type taskDbRoutes,
} from '@darkroom/contracts'
import { type App, findTask, relayBlob, requireFinished, ServiceProblem } from '@darkroom/service-kit'

export interface ReadinessDependencies {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
}

export function addReadinessRoutes(app: App, { storage, taskDb }: ReadinessDependencies): void {
  app.route({
    ...imageMasterRoutes.isReady,
    handler: async ({ query: { id } }, reply) => {
      return reply.code(200).send({ status: readinessOf(await findTask(taskDb, id)) })
    },
  })

  app.route({
    ...imageMasterRoutes.get,
    handler: async ({ query: { id } }, reply) => {
      const task = await findTask(taskDb, id)
      if (!task) throw new ServiceProblem(404, 'image-not-found', `there is no image ${id}`)
      requireFinished(task)
      return relayBlob(reply, storage, { key: id, stage: 'post' })
    },
  })
}

function readinessOf(task: Task | undefined): Readiness {
  switch (task?.state) {
    case undefined:
      return 'not found'
    case 'not-started':
    case 'in-progress':
      return 'in progress'
    default:
      return task?.state ?? 'not found'
  }
}
