import { Backoff, type Logger, StoreUnavailable } from '@darkroom/service-kit'
import type { Footer } from '../blob-footer.ts'
import type { Condition, PutOutcome } from '../engine.ts'
import { KeyedMutex } from '../keyed-mutex.ts'
import { isAnswer } from './errors.ts'
import type { WriteCondition } from './multipart-upload.ts'

/** An object that stands there. */
export interface Found extends Footer {
  etag: string
  modifiedAt: Date
}

/** Looks at what stands there. */
type Find = (name: string, abortSignal: AbortSignal) => Promise<Found | undefined>

/** Places what was written, if the condition holds. */
export type Place = (condition: WriteCondition, abortSignal: AbortSignal) => Promise<unknown>

/** How often a write that others keep getting in the way of is tried. */
const maxRounds = 20

/**
 * Answers by which a conditional write says that somebody else was quicker: what we compared with was replaced,
 * is being replaced (409), or was deleted; and an upload that isn't there any more may be the one that we completed.
 */
const overtaken = [
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'OperationAborted',
  'NoSuchKey',
  'NoSuchUpload',
]

/**
 * Writes that hold only for what stood there when fencing tokens were compared.
 *
 *     read what stands there ──> its token is newer: fenced
 *              │  its token is not, or nothing stands there
 *              v
 *     write, If-Match: <its ETag>, or If-None-Match: * ──> 412: somebody was quicker, read again
 */
export class ConditionalWrites {
  readonly #find: Find
  readonly #logger: Logger
  readonly #mutex = new KeyedMutex()
  #knowsConditions = true
  /** Ceph compares the ETag of a conditional write without its quotes, AWS with or without, others only with. */
  #quotesETags = true

  constructor(find: Find, logger: Logger) {
    this.#find = find
    this.#logger = logger
  }

  /**
   * Has what was written placed, unless newer bytes stand there or `condition` doesn't hold. Within this process, a mutex for each name lets its writes happen one after the other.
   *
   * @throws StoreUnavailable when others keep getting in the way
   */
  publish(
    name: string,
    { blob, write }: Footer,
    place: Place,
    abortSignal: AbortSignal,
    condition?: Condition,
  ): Promise<PutOutcome> {
    return this.#mutex.run(name, async () => {
      const backoff = new Backoff(20, 500)
      let refused: string | undefined
      let isUploadGone = false
      for (let round = 0; round < maxRounds; round++) {
        const current = await this.#find(name, abortSignal)
        // Its answer was lost, and the request sent again.
        if (current?.write === write) return { kind: 'stored', blob }
        if (current && current.blob.fence > blob.fence) return { kind: 'fenced', newest: current.blob.fence }
        if (condition && !condition(current)) return { kind: 'refused' }
        if (current && current.etag === refused) this.#quotesETags = !this.#quotesETags
        try {
          await place(this.#condition(current), abortSignal)
          return { kind: 'stored', blob }
        } catch (error) {
          if (isAnswer(error, 'NotImplemented') && this.#knowsConditions) {
            this.#goOnWithoutConditions()
            continue
          }
          if (!isAnswer(error, ...overtaken)) throw error
          if (isAnswer(error, 'NoSuchUpload')) {
            if (isUploadGone) throw new StoreUnavailable(`somebody removed the upload to ${name}`)
            isUploadGone = true
          }
          refused = isAnswer(error, 'PreconditionFailed') ? current?.etag : undefined
        }
        await backoff.wait(abortSignal)
        abortSignal.throwIfAborted()
      }
      throw new StoreUnavailable(`others keep writing ${name}`)
    })
  }

  /** Something else that is done to a name in its turn. */
  inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(name, work)
  }

  #condition(current: Found | undefined): WriteCondition {
    if (!this.#knowsConditions) return {}
    if (!current) return { IfNoneMatch: '*' }
    return { IfMatch: this.#quotesETags ? current.etag : current.etag.replaceAll('"', '') }
  }

  #goOnWithoutConditions(): void {
    this.#knowsConditions = false
    this.#logger.warn(
      'the object store knows no conditional writes: only within one copy of the storage are fencing tokens compared without a gap',
    )
  }
}
