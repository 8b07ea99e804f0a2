import type { Client, storageRoutes, taskDbRoutes } from '@darkroom/contracts'
import type { Logger } from '@darkroom/service-kit'
import { deleteImage } from '@darkroom/service-kit/images'

export interface SweeperDependencies {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
  /** Aborted to end the sweep early. */
  signal: AbortSignal
}

/** Deletes images whose task ended before `endedBefore`; returns how many. */
export async function sweepExpired(endedBefore: Date, dependencies: SweeperDependencies): Promise<number> {
  let count = 0
  for (;;) {
    const { body } = await dependencies.taskDb.listTasks({
      querystring: { endedBefore: endedBefore.toISOString(), limit: 100 },
    })
    for (const task of body.tasks) {
      if (dependencies.signal.aborted) return count
      await deleteImage(task, dependencies)
      count += 1
    }
    if (body.next === undefined) return count
  }
}
