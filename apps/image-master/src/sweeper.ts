import { type Client, type Stage, stages, type storageRoutes, type taskDbRoutes } from '@darkroom/contracts'
import { deleteImage, type Logger } from '@darkroom/service-kit'

export interface SweeperDependencies {
  storage: Client<typeof storageRoutes>
  taskDb: Client<typeof taskDbRoutes>
  logger: Logger
  /** Aborted when the sweeping is to end before its end. */
  signal: AbortSignal
}

/** Deletes images whose task ended before `endedBefore`; answers how many. */
export async function sweepExpired(endedBefore: Date, dependencies: SweeperDependencies): Promise<number> {
  let count = 0
  for (;;) {
    const { body } = await dependencies.taskDb.listTasks({
      querystring: { endedBefore: endedBefore.toISOString(), limit: 100 },
    })
    for (const { id } of body.tasks) {
      if (dependencies.signal.aborted) return count
      await deleteImage(id, dependencies)
      count += 1
    }
    if (body.next === undefined) return count
  }
}

/**
 * Deletes bytes that were stored before `storedBefore` and belong to no task: what a crash between storing and
 * making the task, or between deleting the task and its bytes, has left. Answers how many.
 */
export async function sweepOrphans(storedBefore: Date, dependencies: SweeperDependencies): Promise<number> {
  const { storage, taskDb, signal } = dependencies
  let count = 0
  for (const stage of stages) {
    for await (const keys of oldKeys(stage, storedBefore, storage)) {
      const { body } = await taskDb.findUnknown({ body: { ids: keys } })
      for (const key of body.ids) {
        if (signal.aborted) return count
        await storage.deleteBlob({ params: { key, stage }, headers: {} })
        count += 1
      }
    }
  }
  return count
}

async function* oldKeys(
  stage: Stage,
  storedBefore: Date,
  storage: Client<typeof storageRoutes>,
): AsyncGenerator<string[]> {
  let cursor: string | undefined
  do {
    const { body } = await storage.listBlobs({
      querystring: { stage, limit: 1000, ...(cursor !== undefined && { cursor }) },
    })
    const old = body.blobs.filter(({ modifiedAt }) => new Date(modifiedAt) < storedBefore)
    if (old.length > 0) yield old.map(({ key }) => key)
    cursor = body.next
  } while (cursor !== undefined)
}
