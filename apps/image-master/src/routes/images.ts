import type {
  Client,
  Handlers,
  imageMasterRoutes,
  Readiness,
  storageRoutes,
  Task,
  taskDbRoutes,
} from '@darkroom/contracts'
import { ServiceProblem } from '@darkroom/service-kit'
import { findTask, readBlob, requireResult } from '@darkroom/service-kit/images'

interface ImageDependencies {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
}

export function imageHandlers({
  storage,
  taskDb,
}: ImageDependencies): Pick<Handlers<typeof imageMasterRoutes>, 'isReady' | 'get'> {
  return {
    async isReady({ querystring: { id, owner } }) {
      const task = await findTask(taskDb, id)
      const isTheirs = owner === undefined || task?.owner === owner
      return { status: 200, body: { status: readinessOf(isTheirs ? task : undefined) } }
    },

    async get({ querystring: { id }, headers, signal }) {
      const task = await findTask(taskDb, id)
      if (!task) throw new ServiceProblem(404, 'image-not-found', `there is no image ${id}`)
      requireResult(task)
      return readBlob(storage, { key: id, stage: 'post' }, { headers, signal })
    },
  }
}

function readinessOf(task: Task | undefined): Readiness {
  if (!task) return 'not found'
  const { state } = task
  return state === 'finished' || state === 'failed' ? state : 'in progress'
}
