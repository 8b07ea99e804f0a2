import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Logger, repeat, ServiceUnavailable } from '@darkroom/service-kit'
import { Redis } from 'ioredis'
import { type RedisRefuses, refusalOf } from './refusals.ts'
import { warningsOf } from './warnings.ts'

/** Uploads wait for these answers: after this long, the command fails and the connection is closed. */
const answerTimeoutMs = 2000
/** Must be longer than a blocking fetch, during which Redis sends nothing for `blockSeconds` (task-jobs.ts). */
const socketTimeoutMs = 10_000
/** How often to check whether Redis still refuses commands. */
const probeMs = 1000
/**
 * A refusal counts as over when a probe succeeds and no command was refused for this long: Redis may refuse only some
 * commands, and not the probe.
 */
const settledMs = 5000
/** If Redis is not ready after this long, check whether it is loading its data. */
const loadingCheckMs = 1000
/** A write by a script, like the queue's own commands. The key expires at once. */
const probe = { script: "return redis.call('SET', KEYS[1], '', 'PX', 1)", key: 'darkroom:probe' }

/**
 * The connection to Redis that a master uses for all commands of the queue. While Redis does not answer, commands
 * fail at once instead of piling up; it tries to connect at least once a second.
 */
export class QueueRedis {
  readonly client: Redis
  readonly #logger: Logger
  /** The last warning in the log; undefined while all is well. */
  #warned: string | undefined
  #lastError: Error | undefined
  readonly #copies: Redis[] = []
  readonly #closing = new AbortController()
  /** Set until Redis accepts the refused commands again. */
  #refusal: RedisRefuses | undefined
  #refusedAt = 0
  /** How often a connection was lost. */
  #losses = 0

  constructor({ url, logger }: { url: string; logger: Logger }) {
    this.#logger = logger
    this.client = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0, // commands under way fail when the connection breaks, and are not sent again
      connectTimeout: 2000,
      socketTimeout: socketTimeoutMs,
      disconnectTimeout: 100,
      retryStrategy: attempts => (this.#closing.signal.aborted ? null : Math.min(attempts * 100, 1000)),
    })
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
  async send<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    this.#requireReady()
    const { promise: timeout, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const error = new Error(`no answer within ${answerTimeoutMs} ms`)
      reject(new ServiceUnavailable('Redis', error))
      this.#noteFailure(error)
      this.client.disconnect(true)
    }, answerTimeoutMs)
    try {
      return await Promise.race([this.sendBlocking(command), timeout])
    } finally {
      clearTimeout(timer)
    }
  }

  /**
   * Waits for the answer without a timeout. @throws ServiceUnavailable if Redis disconnects, RedisRefuses, or the
   * command's own error
   */
  async sendBlocking<Answer>(command: () => Promise<Answer>): Promise<Answer> {
    const [wasConnected, losses] = [this.#isConnected, this.#losses]
    try {
      return await command()
    } catch (error) {
      const stayedConnected = wasConnected && this.#isConnected && losses === this.#losses
      throw this.notice(error) ?? (stayedConnected ? error : new ServiceUnavailable('Redis', error))
    }
  }

  /**
   * Checks all connections, as a command may use any of them. ioredis may still call a connection ready that Redis
   * has closed.
   */
  get #isConnected(): boolean {
    return [this.client, ...this.#copies].every(({ status, stream }) => status === 'ready' && stream.writable)
  }

  /**
   * Returns the refusal by Redis if the error contains one. It is logged once; then Redis is probed from time to time,
   * because it may take long until another command is sent.
   */
  notice(error: unknown): RedisRefuses | undefined {
    const refusal = refusalOf(error)
    if (!refusal || this.#closing.signal.aborted) return refusal
    this.#refusedAt = performance.now()
    const isNew = this.#refusal === undefined
    this.#refusal = refusal
    this.#warn(refusal.message, refusal)
    if (isNew) void this.#probeUntilAccepted()
    return refusal
  }

  /** @throws ServiceUnavailable while Redis does not answer, RedisRefuses while it refuses writes */
  async checkReady(): Promise<void> {
    this.#requireReady()
    await this.send(() => this.#probe())
    if (this.#refusal) throw this.#refusal
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

  #probe(): Promise<unknown> {
    return this.client.eval(probe.script, 1, probe.key)
  }

  async #probeUntilAccepted(): Promise<void> {
    const accepted = new AbortController()
    await repeat(probeMs, AbortSignal.any([this.#closing.signal, accepted.signal]), async () => {
      if (!this.isReady) return
      try {
        await this.#probe()
      } catch (error) {
        this.notice(error)
        return // still refused, or disconnected
      }
      if (performance.now() - this.#refusedAt >= settledMs) accepted.abort()
    })
    this.#refusal = undefined
    if (!this.#closing.signal.aborted) this.#recovered('Redis accepts writes again')
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
      if (lost > maxLosses && this.isReady) this.#warn(noFetching, lastError ?? new Error(noFetching))
    })
    copy.on('ready', () => {
      lost = 0
      if (this.#warned === noFetching) this.#recovered('Redis answers again')
    })
    this.#copies.push(copy)
    return copy
  }

  /** Without an error, it only notes the loss: the next failed attempt to connect shows the reason. */
  #noteFailure(error?: Error): void {
    this.#lastError = error ?? this.#lastError
    if (!error || this.#closing.signal.aborted) return
    const refusal = refusalOf(error)
    this.#warn(refusal?.message ?? notAnswering, refusal ?? error)
  }

  /** Logs one line per outage, and a second line only if its reason is clearer. */
  #warn(message: string, error: Error): void {
    const isClearer =
      this.#warned === undefined || (this.#warned === notAnswering && message !== notAnswering)
    if (!isClearer || this.#closing.signal.aborted) return
    this.#warned = message
    const { reason } = reasonOf(error.cause ?? error)
    this.#logger.warn({ reason }, `${message}; uploads continue, and workers get no tasks until it is over`)
  }

  #recovered(message: string): void {
    if (this.#warned !== undefined) this.#logger.info(message)
    this.#warned = undefined
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
    if (this.#refusal === undefined) this.#recovered('Redis answers again')
    try {
      for (const warning of warningsOf(await this.client.info())) this.#logger.warn(warning)
    } catch (error) {
      this.#logger.warn(reasonOf(error), 'the settings of Redis could not be checked')
    }
  }
}

const notAnswering = 'Redis does not answer'
const noFetching = 'Redis does not accept the connection that fetches work'
/** How often in a row the connection that fetches work may be lost before this is logged: about two seconds. */
const maxLosses = 6

/** The reason, for the log. The error itself may contain the failed command, and with it the password. */
export function reasonOf(error: unknown): { reason: string } {
  return { reason: error instanceof Error ? error.message : 'the connection was closed' }
}
