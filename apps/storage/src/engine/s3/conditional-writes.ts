import { Backoff, type Logger, StoreUnavailable } from '@darkroom/service-kit'
import type { Footer } from '../blob-footer.ts'
import type { Condition, PutOutcome } from '../engine.ts'
import { KeyedMutex } from '../keyed-mutex.ts'
import { hasErrorCode } from './errors.ts'
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

interface ConditionalWrite {
  name: string
  footer: Footer
  publishIf: PublishIf
  condition: Condition | undefined
}

/** How often to retry a write that conflicts with others. */
const maxRounds = 20

/**
 * The responses of a conditional write that lost a race: the object that we compared with was replaced, is being
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
   * Publishes the written bytes, unless newer bytes are stored or the condition is false. In this process, a mutex for
   * each name makes its writes run one after the other.
   *
   * @throws StoreUnavailable if other writes come first again and again
   */
  publish(write: ConditionalWrite, abortSignal: AbortSignal): Promise<PutOutcome> {
    const { name, footer } = write
    return this.exclusive(name, async () => {
      const backoff = new Backoff(20, 500)
      let refusedETag: string | undefined
      let isUploadGone = false
      for (let round = 0; round < maxRounds; round++) {
        const current = await this.#find(name, abortSignal)
        const known = outcomeBefore(write, current)
        if (known) return known
        if (current && current.etag === refusedETag) this.#quotesETags = !this.#quotesETags
        const code = await this.#tryToPublish(write, current, abortSignal)
        if (code === undefined) return { kind: 'stored', blob: footer.blob }
        if (code === 'NotImplemented') continue
        if (code === 'NoSuchUpload' && isUploadGone)
          throw new StoreUnavailable(`another program removed the upload to ${name}`)
        isUploadGone ||= code === 'NoSuchUpload'
        refusedETag = code === 'PreconditionFailed' ? current?.etag : undefined
        await backoff.wait(abortSignal)
        abortSignal.throwIfAborted()
      }
      throw new StoreUnavailable(`${name} was not written: other writes came first, ${maxRounds} times`)
    })
  }

  /** Runs work on a name while no other work on this name runs in this process. */
  exclusive<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    return this.#mutex.run(name, work)
  }

  /** Returns the error code if the write must be retried; undefined if it was published. */
  async #tryToPublish(
    { publishIf }: ConditionalWrite,
    current: Found | undefined,
    abortSignal: AbortSignal,
  ): Promise<string | undefined> {
    try {
      await publishIf(this.#condition(current), abortSignal)
      return undefined
    } catch (error) {
      if (hasErrorCode(error, 'NotImplemented') && this.#supportsConditions) this.#disableConditions()
      else if (!hasErrorCode(error, ...overtaken)) throw error
      return error.name
    }
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

/** The outcome that follows from the stored object alone; undefined if the write has to be published. */
function outcomeBefore(
  { footer: { blob, write }, condition }: ConditionalWrite,
  current: Found | undefined,
): PutOutcome | undefined {
  // The stored object is from this write: its response was lost, and the request was sent again.
  if (current?.write === write) return { kind: 'stored', blob }
  if (current && current.blob.fence > blob.fence) return { kind: 'fenced', newest: current.blob.fence }
  if (condition && !condition(current)) return { kind: 'refused', blob }
  return undefined
}
