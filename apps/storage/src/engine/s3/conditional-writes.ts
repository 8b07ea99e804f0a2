import { Backoff, type Logger, StoreUnavailable } from '@darkroom/service-kit'
import type { Footer } from '../blob-footer.ts'
import type { Condition, PutOutcome } from '../engine.ts'
import { KeyedMutex } from '../keyed-mutex.ts'
import { isAnswer } from './errors.ts'
import type { WriteCondition } from './multipart-upload.ts'

/** An existing object. */
export interface Found extends Footer {
  etag: string
  modifiedAt: Date
}

/** Reads the facts of the existing object. */
type Find = (name: string, abortSignal: AbortSignal) => Promise<Found | undefined>

/** Publishes the written bytes, if the condition is true. */
export type PublishIf = (condition: WriteCondition, abortSignal: AbortSignal) => Promise<unknown>

/** How often to retry a write that conflicts with others. */
const maxRounds = 20

/**
 * The answers of a conditional write that lost a race: the object that we compared with was replaced, is being
 * replaced (409), or was deleted. If the upload no longer exists, we may have completed it ourselves.
 */
const overtaken = [
  'PreconditionFailed',
  'ConditionalRequestConflict',
  'OperationAborted',
  'NoSuchKey',
  'NoSuchUpload',
]

/**
 * Writes that depend on the object whose fencing token was compared.
 *
 *     read the stored object ──> its token is newer: fenced
 *              │  its token is not newer, or there is no object
 *              v
 *     write, If-Match: <its ETag>, or If-None-Match: * ──> 412: another write came first, read again
 */
export class ConditionalWrites {
  readonly #find: Find
  readonly #logger: Logger
  readonly #mutex = new KeyedMutex()
  #supportsConditions = true
  /** Ceph compares the ETag of a conditional write without quotes, AWS with or without them, others only with them. */
  #quotesETags = true

  constructor(find: Find, logger: Logger) {
    this.#find = find
    this.#logger = logger
  }

  /**
   * Publishes the written bytes, unless newer bytes are stored or `condition` is false. In this process, a mutex for
   * each name makes its writes run one after the other.
   *
   * @throws StoreUnavailable if other writes keep coming first
   */
  publish(
    name: string,
    { blob, write }: Footer,
    publishIf: PublishIf,
    abortSignal: AbortSignal,
    condition?: Condition,
  ): Promise<PutOutcome> {
    return this.#mutex.run(name, async () => {
      const backoff = new Backoff(20, 500)
      let refused: string | undefined
      let isUploadGone = false
      for (let round = 0; round < maxRounds; round++) {
        const current = await this.#find(name, abortSignal)
        // The stored object is from this write: its answer was lost, and the request was sent again.
        if (current?.write === write) return { kind: 'stored', blob }
        if (current && current.blob.fence > blob.fence) return { kind: 'fenced', newest: current.blob.fence }
        if (condition && !condition(current)) return { kind: 'refused' }
        if (current && current.etag === refused) this.#quotesETags = !this.#quotesETags
        try {
          await publishIf(this.#condition(current), abortSignal)
          return { kind: 'stored', blob }
        } catch (error) {
          if (isAnswer(error, 'NotImplemented') && this.#supportsConditions) {
            this.#disableConditions()
            continue
          }
          if (!isAnswer(error, ...overtaken)) throw error
          if (isAnswer(error, 'NoSuchUpload')) {
            if (isUploadGone) throw new StoreUnavailable(`another program removed the upload to ${name}`)
            isUploadGone = true
          }
          refused = isAnswer(error, 'PreconditionFailed') ? current?.etag : undefined
        }
        await backoff.wait(abortSignal)
        abortSignal.throwIfAborted()
      }
      throw new StoreUnavailable(`other writes to ${name} keep coming first`)
    })
  }

  /** Runs other work on a name under the same mutex. */
  inTurn<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(name, work)
  }

  #condition(current: Found | undefined): WriteCondition {
    if (!this.#supportsConditions) return {}
    if (!current) return { IfNoneMatch: '*' }
    return { IfMatch: this.#quotesETags ? current.etag : current.etag.replaceAll('"', '') }
  }

  #disableConditions(): void {
    this.#supportsConditions = false
    this.#logger.warn(
      'the object store does not support conditional writes: run only one copy of the storage, or an outdated result may replace a newer one',
    )
  }
}
