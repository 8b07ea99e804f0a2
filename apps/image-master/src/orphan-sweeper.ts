import { type Client, type Stage, stages, type storageRoutes } from '@darkroom/contracts'
import type { SweeperDependencies } from './sweeper.ts'

interface OrphanSweeperOptions extends Omit<SweeperDependencies, 'logger'> {
  /** How long bytes without a task are left alone. */
  ageMs: number
  /** Milliseconds of a clock that nobody sets back. */
  now?: () => number
}

/**
 * Deletes bytes that belong to no task: a crash left them between storing the bytes and making the task, or between
 * deleting the task and its bytes.
 *
 * The date of the bytes does not count: S3 may date an object by the begin of its upload, which can be hours before
 * the object can be seen and its task is made. A key is an orphan when this sweeper saw it without a task, and sees it
 * so again after `ageMs`. Bytes that are still arriving are in no listing. Each master remembers what it alone saw, so
 * several masters need not agree, and a restart only delays a deletion.
 */
export class OrphanSweeper {
  readonly #options: OrphanSweeperOptions
  readonly #now: () => number
  /** When each key was first seen without a task, by stage and key. */
  #unknownSince = new Map<string, number>()

  constructor(options: OrphanSweeperOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Answers how many bytes were deleted. */
  async sweep(): Promise<number> {
    const { storage, taskDb, signal, ageMs } = this.#options
    const stillUnknown = new Map<string, number>()
    let count = 0
    for (const stage of stages) {
      for await (const keys of listKeys(stage, storage)) {
        const { body } = await taskDb.findUnknown({ body: { ids: keys } })
        const now = this.#now()
        for (const key of body.ids) {
          if (signal.aborted) return count
          const name = `${stage}/${key}`
          const since = this.#unknownSince.get(name)
          if (since === undefined || now - since < ageMs) {
            stillUnknown.set(name, since ?? now)
            continue
          }
          await storage.deleteBlob({ params: { key, stage }, headers: {} })
          count += 1
        }
      }
    }
    // After a sweep that failed half-way, what was seen before still counts.
    this.#unknownSince = stillUnknown
    return count
  }
}

async function* listKeys(stage: Stage, storage: Client<typeof storageRoutes>): AsyncGenerator<string[]> {
  let cursor: string | undefined
  do {
    const { body } = await storage.listBlobs({
      querystring: { stage, limit: 1000, ...(cursor !== undefined && { cursor }) },
    })
    if (body.blobs.length > 0) yield body.blobs.map(({ key }) => key)
    cursor = body.next
  } while (cursor !== undefined)
}
