import {
  type Client,
  imageIdOf,
  type Stage,
  stages,
  type storageRoutes,
  uploadIdOf,
} from '@darkroom/contracts'
import type { SweeperDependencies } from './sweep-expired.ts'

interface OrphanSweeperOptions extends Omit<SweeperDependencies, 'logger'> {
  /** The ids of the uploads that are not finished, whose pieces are kept. */
  listUploads(): Promise<ReadonlySet<string>>
  /** How long bytes without a task are kept. */
  ageMs: number
  /** Milliseconds of a clock that is never set back. */
  now?: () => number
}

/**
 * Deletes bytes that belong to no task: originals, copies of originals, results and variants. They remain after a crash
 * between storing the bytes and creating the task, or between deleting the task and deleting its bytes.
 *
 * The date of the bytes is not used: S3 may date an object by the start of its upload, hours before the object is visible
 * and its task is created. A key is an orphan if this sweeper saw it without a task, and still finds no task after `ageMs`.
 * Listings do not contain bytes that are still arriving. Each master remembers only the keys that it saw itself, so masters
 * need not agree, and a restart only delays a deletion.
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

  /** Returns the number of deleted blobs. */
  async sweep(): Promise<number> {
    const { storage, signal, ageMs } = this.#options
    const stillUnknown = new Map<string, number>()
    let count = 0
    for await (const { key, stage, checkedAt } of this.#withoutTask()) {
      if (signal.aborted) return count
      const name = `${stage}/${key}`
      const since = this.#unknownSince.get(name)
      if (since === undefined || checkedAt - since < ageMs) {
        stillUnknown.set(name, since ?? checkedAt)
        continue
      }
      await storage.deleteBlob({ params: { key, stage }, headers: {} })
      count += 1
    }
    // If a sweep fails half-way, the earlier observations still count.
    this.#unknownSince = stillUnknown
    return count
  }

  /** The stored blobs that belong to no task and to no unfinished upload, each with the time at which it was checked. */
  async *#withoutTask(): AsyncGenerator<{ key: string; stage: Stage; checkedAt: number }> {
    const { storage, taskDb, listUploads } = this.#options
    const uploads = await listUploads()
    for (const stage of stages) {
      // Among the originals are pieces of uploads, which belong to no image.
      const idOf = stage === 'post' ? imageIdOf : (key: string) => key
      for await (const keys of listKeys(stage, storage)) {
        const { body } = await taskDb.findUnknown({ body: { ids: [...new Set(keys.map(idOf))] } })
        const unknown = new Set(body.ids)
        const checkedAt = this.#now()
        for (const key of keys)
          if (unknown.has(idOf(key)) && !uploads.has(uploadIdOf(key) ?? '')) yield { key, stage, checkedAt }
      }
    }
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
