import {
  type Client,
  imageIdOf,
  type Stage,
  stages,
  type storageRoutes,
  uploadIdOf,
} from '@darkroom/contracts'
import type { SweeperDependencies } from './sweep-expired.ts'

/** With fewer orphans, most blobs may be orphans after a crash. */
const leastSuspicious = 32

interface OrphanSweeperOptions extends SweeperDependencies {
  /** The ids of the uploads that are not finished, whose pieces are kept. */
  listUploads(): Promise<ReadonlySet<string>>
  /** How long bytes without a task are kept. */
  ageMs: number
  /** The same while most bytes have no task, in milliseconds. */
  retentionMs(): number
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
 *
 * If most blobs have no task, the task DB is probably not theirs: it was lost, or another task DB is used by mistake. Then
 * orphans are kept as long as images, so that an operator can correct it.
 */
export class OrphanSweeper {
  readonly #options: OrphanSweeperOptions
  readonly #now: () => number
  /** When each key was first seen without a task, by stage and key. */
  #unknownSince = new Map<string, number>()
  /** Whether most blobs had no task in a sweep, and many have none since then. */
  #mostAreUnknown = false

  constructor(options: OrphanSweeperOptions) {
    this.#options = options
    this.#now = options.now ?? (() => performance.now())
  }

  /** Returns the number of deleted blobs. */
  async sweep(): Promise<number> {
    const { storage, signal, retentionMs } = this.#options
    const ageMs = Math.max(this.#options.ageMs, this.#mostAreUnknown ? retentionMs() : 0)
    const blobs = { known: 0, unknown: 0 }
    const stillUnknown = new Map<string, number>()
    let count = 0
    for await (const { key, stage, checkedAt } of this.#withoutTask(blobs)) {
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
    this.#judge(blobs)
    return count
  }

  #judge(blobs: { known: number; unknown: number }): void {
    const { logger, retentionMs } = this.#options
    const before = this.#mostAreUnknown
    // New images don't end it: they may arrive before an operator corrects the task DB.
    this.#mostAreUnknown = blobs.unknown >= leastSuspicious && (before || blobs.unknown > blobs.known)
    if (!this.#mostAreUnknown || before) return
    const keptSeconds = retentionMs() / 1000
    logger.error(
      { ...blobs, keptSeconds },
      'most stored images have no task, and will be deleted: check TASK_STORE_URL, or restore the task DB',
    )
  }

  /**
   * The stored blobs that belong to no task and to no unfinished upload, each with the time at which it was checked. Counts
   * all blobs.
   */
  async *#withoutTask(blobs: {
    known: number
    unknown: number
  }): AsyncGenerator<{ key: string; stage: Stage; checkedAt: number }> {
    const { storage, taskDb, listUploads } = this.#options
    const uploads = await listUploads()
    for (const stage of stages) {
      // Among the originals are pieces of uploads, which belong to no image.
      const idOf = stage === 'post' ? imageIdOf : (key: string) => key
      for await (const keys of listKeys(stage, storage)) {
        const { body } = await taskDb.findUnknown({ body: { ids: [...new Set(keys.map(idOf))] } })
        const unknown = new Set(body.ids)
        const checkedAt = this.#now()
        for (const key of keys) {
          const isKnown = !unknown.has(idOf(key)) || uploads.has(uploadIdOf(key) ?? '')
          blobs[isKnown ? 'known' : 'unknown'] += 1
          if (!isKnown) yield { key, stage, checkedAt }
        }
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
