import { once } from 'node:events'
import { type Logger, repeat, ServiceUnavailable } from '@darkroom/service-kit'
import { Redis } from 'ioredis'
import { complaintsAbout } from './complaints.ts'

/** An answer that takes longer is not waited for, and the connection given up: uploads wait for these. */
const answerMs = 2000
/** Longer than a blocking fetch, which is silent for `blockSeconds` of task-jobs.ts. */
const silenceMs = 10_000
/** How often a Redis that is full is asked whether it has room again. */
const roomCheckMs = 1000
/** Of what is written to learn that; it is gone at once. */
const roomKey = 'darkroom:room'

/** Redis answers, but has reached its maxmemory: what would take more is refused. */
export class RedisFull extends ServiceUnavailable {
  constructor(reason: string) {
    super('Redis', reason)
    this.message = 'Redis is full (maxmemory)'
  }
}

/**
 * The connection to Redis that all of a master's questions to the queue share. While Redis is away it fails at
 * once instead of collecting them; it is looked for at least once a second.
 */
export class QueueRedis {
  readonly client: Redis
  readonly #logger: Logger
  #isMissed = false
  #lastError: Error | undefined
  readonly #copies: Redis[] = []
  readonly #closing = new AbortController()
  /** Until it has room again. */
  #full: RedisFull | undefined

  constructor({ url, logger }: { url: string; logger: Logger }) {
    this.#logger = logger
    this.client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0, // what is under way when the connection breaks fails, and isn't sent again
      connectTimeout: 2000,
      socketTimeout: silenceMs,
      disconnectTimeout: 100,
      retryStrategy: attempts => (this.#closing.signal.aborted ? null : Math.min(attempts * 100, 1000)),
    })
    const duplicate = this.client.duplicate.bind(this.client)
    this.client.duplicate = options => this.#keep(duplicate(options))
    this.client.on('error', error => this.#miss(error))
    this.client.on('close', () => this.#miss())
    this.client.on('ready', () => this.#greet())
  }

  get isReady(): boolean {
    return this.client.status === 'ready'
  }

  /** Whether it has refused something for want of room, and had none since. */
  get isFull(): boolean {
    return this.#full !== undefined
  }

  /** Calls `listener` whenever Redis has come, or come back. */
  onReady(listener: () => void): void {
    this.client.on('ready', listener)
  }

  /** Resolves when Redis is there, or `signal` aborted. */
  async untilReady(signal: AbortSignal): Promise<void> {
    while (!this.isReady && !signal.aborted) {
      // Rejects with every vain attempt to connect, and on abort.
      await once(this.client, 'ready', { signal }).catch(() => undefined)
    }
  }

  /** @throws ServiceUnavailable at once while Redis is away, or when it is silent for too long; RedisFull */
  async ask<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    this.#checkThere()
    const { promise: silence, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      reject(new ServiceUnavailable('Redis', new Error(`no answer within ${answerMs} ms`)))
      this.client.disconnect(true)
    }, answerMs)
    try {
      return await Promise.race([this.hear(question), silence])
    } finally {
      clearTimeout(timer)
    }
  }

  /** The answer, however long it takes. @throws RedisFull, what the question throws */
  async hear<Answer>(question: () => Promise<Answer>): Promise<Answer> {
    try {
      return await question()
    } catch (error) {
      throw isRefusedForRoom(error) ? this.#noticeFull(error) : error
    }
  }

  /** @throws ServiceUnavailable while Redis is away, RedisFull since it has refused something for want of room */
  checkReady(): void {
    this.#checkThere()
    if (this.#full) throw this.#full
  }

  close(): void {
    this.#closing.abort()
    for (const client of [this.client, ...this.#copies]) client.disconnect()
  }

  #checkThere(): void {
    if (!this.isReady) throw new ServiceUnavailable('Redis', this.#lastError?.message)
  }

  /** Said once, and asked from then on whether that is still so: nothing else may be written for long. */
  #noticeFull(refusal: unknown): RedisFull {
    const { reason } = reasonOf(refusal)
    const full = new RedisFull(reason)
    if (this.#full || this.#closing.signal.aborted) return full
    this.#full = full
    this.#logger.warn({ reason }, 'Redis is full: uploads go on, work pauses until it has room')
    const found = new AbortController()
    void repeat(roomCheckMs, AbortSignal.any([this.#closing.signal, found.signal]), async () => {
      try {
        await this.client.set(roomKey, '', 'PX', 1)
      } catch {
        return // still full, or away
      }
      this.#full = undefined
      this.#logger.info('Redis has room again')
      found.abort()
    })
    return full
  }

  /** BullMQ 6.7 connects its copy for blocking fetches anew if it is closed while it looks for Redis. */
  #keep(copy: Redis): Redis {
    copy.on('error', () => undefined) // BullMQ reports it for as long as it isn't closed
    copy.on('connect', () => {
      if (this.#closing.signal.aborted) copy.disconnect()
    })
    this.#copies.push(copy)
    return copy
  }

  #miss(error?: Error): void {
    this.#lastError = error ?? this.#lastError
    if (this.#isMissed || this.#closing.signal.aborted) return
    this.#isMissed = true
    this.#logger.warn(reasonOf(error), 'Redis does not answer: uploads go on, work pauses until it is back')
  }

  async #greet(): Promise<void> {
    if (this.#isMissed) this.#logger.info('Redis is back')
    this.#isMissed = false
    try {
      for (const complaint of complaintsAbout(await this.client.info())) this.#logger.warn(complaint)
    } catch (error) {
      this.#logger.warn(reasonOf(error), 'Redis was not asked whether it is set as a queue needs it')
    }
  }
}

/** For the log. The error itself may hold the command that failed, and with it the password. */
export function reasonOf(error: unknown): { reason: string } {
  return { reason: error instanceof Error ? error.message : 'the connection was closed' }
}

/** Its error begins so; before Redis 7, the words of a script that failed hold it. */
function isRefusedForRoom(error: unknown): boolean {
  return error instanceof Error && /(^|-)OOM /.test(error.message)
}
