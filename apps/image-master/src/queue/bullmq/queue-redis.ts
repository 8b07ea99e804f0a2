import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, repeat, ServiceUnavailable } from '@darkroom/service-kit'
import { Redis } from 'ioredis'
import { type RedisRefuses, refusalOf } from './refusals.ts'
import { warningsOf } from './warnings.ts'

/** An answer that takes longer is not waited for, and the connection given up: uploads wait for these. */
const answerMs = 2000
/** Longer than a blocking fetch, which is silent for `blockSeconds` of task-jobs.ts. */
const silenceMs = 10_000
/** How often a Redis that refuses something is asked whether it still does. */
const probeMs = 1000
/** A Redis that takes its time to become ready is asked after so long whether it is loading. */
const loadingCheckMs = 1000
/** What the queue does all the time: a script that writes. What it writes is gone at once. */
const probe = { script: "return redis.call('SET', KEYS[1], '', 'PX', 1)", key: 'darkroom:probe' }

/**
 * The connection to Redis that all of a master's questions to the queue share. While Redis is away it fails at
 * once instead of collecting them; it is looked for at least once a second.
 */
export class QueueRedis {
  readonly client: Redis
  readonly #logger: Logger
  /** What the log says of it; undefined while nothing is wrong. */
  #said: string | undefined
  #lastError: Error | undefined
  readonly #copies: Redis[] = []
  readonly #closing = new AbortController()
  /** Until it takes again what it refuses. */
  #refusal: RedisRefuses | undefined
  #refusals = 0
  /** How often a connection was lost. */
  #losses = 0

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
    this.client.on('close', () => {
      this.#losses++
      this.#miss()
    })
    this.client.on('connect', () => void this.#watchLoading())
    this.client.on('ready', () => this.#greet())
  }

  get isReady(): boolean {
    return this.client.status === 'ready'
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

  /** @throws ServiceUnavailable at once while Redis is away, or when it is silent for too long; RedisRefuses */
  async send<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    this.#checkThere()
    const { promise: silence, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${answerMs} ms`)
      reject(new ServiceUnavailable('Redis', error))
      this.#miss(error)
      this.client.disconnect(true)
    }, answerMs)
    try {
      return await Promise.race([this.sendBlocking(command), silence])
    } finally {
      clearTimeout(timer)
    }
  }

  /** The answer, however long it takes. @throws ServiceUnavailable if Redis goes away, RedisRefuses, what the command throws */
  async sendBlocking<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    const [wasConnected, losses] = [this.#isConnected, this.#losses]
    try {
      return await command()
    } catch (error) {
      const stayedConnected = wasConnected && this.#isConnected && losses === this.#losses
      throw this.notice(error) ?? (stayedConnected ? error : new ServiceUnavailable('Redis', error))
    }
  }

  /** All connections, as a command may go by any of them. Redis may have ended one that ioredis still calls ready. */
  get #isConnected(): boolean {
    return [this.client, ...this.#copies].every(({ status, stream }) => status === 'ready' && stream.writable)
  }

  /**
   * The refusal that an error is, if it is one. It is said once; then Redis is asked from time to time whether it takes
   * writes again, as nothing else may be written for long.
   */
  notice(error: unknown): RedisRefuses | undefined {
    const refusal = refusalOf(error)
    if (!refusal || this.#closing.signal.aborted) return refusal
    this.#refusals += 1
    const isNew = this.#refusal === undefined
    this.#refusal = refusal
    this.#say(refusal.message, refusal)
    if (isNew) void this.#probeUntilTaken()
    return refusal
  }

  /** @throws ServiceUnavailable while Redis is away, RedisRefuses while it takes no writes */
  async checkReady(): Promise<void> {
    this.#checkThere()
    await this.send(() => this.#probe())
    if (this.#refusal) throw this.#refusal
  }

  close(): void {
    this.#closing.abort()
    for (const client of [this.client, ...this.#copies]) client.disconnect()
  }

  #checkThere(): void {
    if (this.isReady) return
    throw (
      refusalOf(this.#lastError) ??
      new ServiceUnavailable('Redis', this.#lastError?.message, { isLogged: true })
    )
  }

  #probe(): Promise<unknown> {
    return this.client.eval(probe.script, 1, probe.key)
  }

  /**
   * It is over when a probe succeeds and nothing was refused until the next one does: where only some commands are
   * refused, the probe may be none of them.
   */
  async #probeUntilTaken(): Promise<void> {
    const taken = new AbortController()
    let refusalsBefore = Number.NaN
    await repeat(probeMs, AbortSignal.any([this.#closing.signal, taken.signal]), async () => {
      if (!this.isReady) return
      try {
        await this.#probe()
      } catch (error) {
        this.notice(error)
        return // refused still, or away
      }
      if (this.#refusals === refusalsBefore) taken.abort()
      refusalsBefore = this.#refusals
    })
    this.#refusal = undefined
    if (!this.#closing.signal.aborted) this.#unsay('Redis takes writes again')
  }

  /**
   * BullMQ 6.7 connects its copy for blocking fetches anew if it is closed while it looks for Redis. A copy that is lost
   * alone comes back in a moment; if it does not, as where Redis has no room for more clients, work pauses.
   */
  #keep(copy: Redis): Redis {
    let lost = 0
    let lastError: Error | undefined
    copy.on('error', error => {
      lastError = error // BullMQ reports it for as long as it isn't closed
    })
    copy.on('connect', () => {
      if (this.#closing.signal.aborted) copy.disconnect()
    })
    copy.on('close', () => {
      this.#losses++
      lost++
      if (lost > mostLost && this.isReady) this.#say(noFetching, lastError ?? new Error(noFetching))
    })
    copy.on('ready', () => {
      lost = 0
      if (this.#said === noFetching) this.#unsay('Redis is back')
    })
    this.#copies.push(copy)
    return copy
  }

  /** What a closed connection means is said when the next attempt has failed, or was refused. */
  #miss(error?: Error): void {
    this.#lastError = error ?? this.#lastError
    if (!error || this.#closing.signal.aborted) return
    const refusal = refusalOf(error)
    this.#say(refusal?.message ?? away, refusal ?? error)
  }

  /** One line for as long as nothing gets better; another one only where the words become clearer. */
  #say(words: string, error: Error): void {
    const isClearer = this.#said === undefined || (this.#said === away && words !== away)
    if (!isClearer || this.#closing.signal.aborted) return
    this.#said = words
    const { reason } = reasonOf(error.cause ?? error)
    this.#logger.warn({ reason }, `${words}; uploads go on, work pauses until it is over`)
  }

  #unsay(words: string): void {
    if (this.#said !== undefined) this.#logger.info(words)
    this.#said = undefined
  }

  /** ioredis waits in silence for as long as Redis loads its data. */
  async #watchLoading(): Promise<void> {
    await delay(loadingCheckMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    if (this.client.status !== 'connect' || this.#closing.signal.aborted) return
    const info = await this.client.info('persistence').catch(() => '')
    if (/^loading:1/m.test(info)) this.#miss(new Error('LOADING Redis is loading the dataset in memory'))
  }

  async #greet(): Promise<void> {
    this.#lastError = undefined
    if (this.#refusal === undefined) this.#unsay('Redis is back')
    try {
      for (const warning of warningsOf(await this.client.info())) this.#logger.warn(warning)
    } catch (error) {
      this.#logger.warn(reasonOf(error), 'Redis was not asked whether it is set as a queue needs it')
    }
  }
}

const away = 'Redis does not answer'
const noFetching = 'Redis does not take the connection that fetches work'
/** How often the connection that fetches work may be lost in a row, some two seconds, before the log says so. */
const mostLost = 6

/** For the log. The error itself may hold the command that failed, and with it the password. */
export function reasonOf(error: unknown): { reason: string } {
  return { reason: error instanceof Error ? error.message : 'the connection was closed' }
}
