import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, ServiceUnavailable } from '@darkroom/service-kit'
import { Redis } from 'ioredis'
import { notAnswering, RedisOutageLog, reasonOf } from './redis-outage-log.ts'
import { RefusalProbe } from './refusal-probe.ts'
import { type RedisRefuses, refusalOf } from './refusals.ts'
import { warningsOf } from './warnings.ts'

/** Uploads wait for these responses: after this long, the command fails and the connection is closed. */
const responseTimeoutMs = 2000
/** Must be longer than a blocking fetch, during which Redis sends nothing for `blockSeconds` (job-queue.ts). */
const socketTimeoutMs = 10_000
/** If Redis is not ready after this long, check whether it is loading its data. */
const loadingCheckMs = 1000

/**
 * The connection to Redis that a master uses for all commands of the queue. While Redis does not answer, commands
 * fail at once instead of piling up; it tries to connect at least once a second.
 */
export class QueueRedis {
  readonly client: Redis
  readonly #logger: Logger
  readonly #log: RedisOutageLog
  readonly #refusals: RefusalProbe
  #lastError: Error | undefined
  readonly #copies: Redis[] = []
  readonly #closing = new AbortController()
  /** How often the connection has been lost. */
  #losses = 0

  constructor({ url, logger }: { url: string; logger: Logger }) {
    this.#logger = logger
    this.#log = new RedisOutageLog(logger, this.#closing.signal)
    this.client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0, // commands in flight fail when the connection breaks, and are not sent again
      connectTimeout: 2000,
      socketTimeout: socketTimeoutMs,
      disconnectTimeout: 100,
      retryStrategy: attempts => (this.#closing.signal.aborted ? null : Math.min(attempts * 100, 1000)),
    })
    this.#refusals = new RefusalProbe(this.client, this.#log, this.#closing.signal)
    const duplicate = this.client.duplicate.bind(this.client)
    this.client.duplicate = options => this.#watchCopy(duplicate(options))
    this.client.on('error', error => this.#noteFailure(error))
    this.client.on('close', () => {
      this.#losses++
      this.#noteFailure()
    })
    this.client.on('connect', () => void this.#watchLoading())
    this.client.on('ready', () => this.#onReconnected())
  }

  get isReady(): boolean {
    return this.client.status === 'ready'
  }

  /** Calls `listener` whenever Redis becomes ready. */
  onReady(listener: () => void): void {
    this.client.on('ready', listener)
  }

  /** Resolves when Redis is ready, or `signal` is aborted. */
  async untilReady(signal: AbortSignal): Promise<void> {
    while (!this.isReady && !signal.aborted) {
      // Rejects after every failed attempt to connect, and on abort.
      await once(this.client, 'ready', { signal }).catch(() => undefined)
    }
  }

  /** @throws ServiceUnavailable at once while Redis does not answer, or after a timeout; RedisRefuses */
  async send<Result>(command: () => Promise<Result>): Promise<Result> {
    this.#requireReady()
    const { promise: timeout, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const error = new Error(`no response within ${responseTimeoutMs} ms`)
      reject(new ServiceUnavailable('Redis', error))
      this.#noteFailure(error)
      this.client.disconnect(true)
    }, responseTimeoutMs)
    try {
      return await Promise.race([this.sendBlocking(command), timeout])
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Waits for the response without a timeout. @throws ServiceUnavailable if Redis disconnects, RedisRefuses, or the
   * command's own error
   */
  async sendBlocking<Result>(command: () => Promise<Result>): Promise<Result> {
    const [wasConnected, losses] = [this.#isConnected, this.#losses]
    try {
      return await command()
    } catch (error) {
      const stayedConnected = wasConnected && this.#isConnected && losses === this.#losses
      throw this.notice(error) ?? (stayedConnected ? error : new ServiceUnavailable('Redis', error))
    }
  }

  /**
   * Checks all connections, because a command may use any of them. ioredis may still call a connection ready that Redis
   * has closed.
   */
  get #isConnected(): boolean {
    return [this.client, ...this.#copies].every(({ status, stream }) => status === 'ready' && stream.writable)
  }

  /** Returns the refusal by Redis if the error contains one, and logs it. */
  notice(error: unknown): RedisRefuses | undefined {
    return this.#refusals.notice(error)
  }

  /** @throws ServiceUnavailable while Redis does not answer, RedisRefuses while it refuses writes */
  async checkReady(): Promise<void> {
    this.#requireReady()
    await this.send(() => this.#refusals.probe())
    if (this.#refusals.refusal) throw this.#refusals.refusal
  }

  close(): void {
    this.#closing.abort()
    for (const client of [this.client, ...this.#copies]) client.disconnect()
  }

  #requireReady(): void {
    if (this.isReady) return
    throw (
      refusalOf(this.#lastError) ??
      new ServiceUnavailable('Redis', this.#lastError?.message, { isLogged: true })
    )
  }

  /**
   * BullMQ 6.7 reconnects its copy for blocking fetches if it is closed while connecting. If only the copy is lost,
   * it reconnects in a moment; if it can't (Redis has too many clients), work pauses.
   */
  #watchCopy(copy: Redis): Redis {
    let lost = 0
    let lastError: Error | undefined
    copy.on('error', error => {
      lastError = error // BullMQ reports errors until it is closed
    })
    copy.on('connect', () => {
      if (this.#closing.signal.aborted) copy.disconnect()
    })
    copy.on('close', () => {
      this.#losses++
      lost++
      if (lost > maxLosses && this.isReady) this.#log.warn(noFetching, lastError ?? new Error(noFetching))
    })
    copy.on('ready', () => {
      lost = 0
      if (this.#log.warning === noFetching) this.#log.recovered('Redis answers again')
    })
    this.#copies.push(copy)
    return copy
  }

  /** Without an error, only the loss is recorded: the next failed attempt to connect shows the reason. */
  #noteFailure(error?: Error): void {
    this.#lastError = error ?? this.#lastError
    if (!error || this.#closing.signal.aborted) return
    const refusal = refusalOf(error)
    this.#log.warn(refusal?.message ?? notAnswering, refusal ?? error)
  }

  /** ioredis waits while Redis loads its data, and reports no error; so this checks for it. */
  async #watchLoading(): Promise<void> {
    await delay(loadingCheckMs, undefined, { signal: this.#closing.signal }).catch(() => undefined)
    if (this.client.status !== 'connect' || this.#closing.signal.aborted) return
    const info = await this.client.info('persistence').catch(() => '')
    if (/^loading:1/m.test(info))
      this.#noteFailure(new Error('LOADING Redis is loading the dataset in memory'))
  }

  async #onReconnected(): Promise<void> {
    this.#lastError = undefined
    if (this.#refusals.refusal === undefined) this.#log.recovered('Redis answers again')
    try {
      for (const warning of warningsOf(await this.client.info())) this.#logger.warn(warning)
    } catch (error) {
      this.#logger.warn(reasonOf(error), 'the settings of Redis could not be checked')
    }
  }
}

const noFetching = 'Redis does not accept the connection that fetches work'
/** How often in a row the connection that fetches work may be lost before this is logged: about two seconds. */
const maxLosses = 6
