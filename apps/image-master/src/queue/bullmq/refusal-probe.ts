import { repeat } from '@darkroom/service-kit'
import type { Redis } from 'ioredis'
import type { RedisOutageLog } from './redis-outage-log.ts'
import { type RedisRefuses, refusalOf } from './refusals.ts'

/** How often to check whether Redis still refuses commands. */
const probeMs = 1000
/**
 * A refusal counts as over when a probe succeeds and no command was refused for this long: Redis may refuse only some
 * commands, and not the probe.
 */
const settledMs = 5000
/** A write by a script, like the queue's own commands. The key expires at once. */
const probe = { script: "return redis.call('SET', KEYS[1], '', 'PX', 1)", key: 'darkroom:probe' }

/**
 * Keeps the refusal of a command by Redis until Redis accepts writes again. To find out, it probes Redis, because a long
 * time may pass until another command is sent.
 */
export class RefusalProbe {
  readonly #client: Redis
  readonly #log: RedisOutageLog
  readonly #closing: AbortSignal
  #refusal: RedisRefuses | undefined
  #refusedAt = 0

  constructor(client: Redis, log: RedisOutageLog, closing: AbortSignal) {
    this.#client = client
    this.#log = log
    this.#closing = closing
  }

  /** Set until Redis accepts the refused commands again. */
  get refusal(): RedisRefuses | undefined {
    return this.#refusal
  }

  /** Returns the refusal by Redis if the error contains one. It is logged once, and starts the probes. */
  notice(error: unknown): RedisRefuses | undefined {
    const refusal = refusalOf(error)
    if (!refusal || this.#closing.aborted) return refusal
    this.#refusedAt = performance.now()
    const isNew = this.#refusal === undefined
    this.#refusal = refusal
    this.#log.warn(refusal.message, refusal)
    if (isNew) void this.#probeUntilAccepted()
    return refusal
  }

  /** Writes a key that expires at once. @throws the error of the command */
  async probe(): Promise<void> {
    await this.#client.eval(probe.script, 1, probe.key)
  }

  async #probeUntilAccepted(): Promise<void> {
    const accepted = new AbortController()
    await repeat(probeMs, AbortSignal.any([this.#closing, accepted.signal]), async () => {
      if (this.#client.status !== 'ready') return
      try {
        await this.probe()
      } catch (error) {
        this.notice(error)
        return // still refused, or disconnected
      }
      if (performance.now() - this.#refusedAt >= settledMs) accepted.abort()
    })
    this.#refusal = undefined
    if (!this.#closing.aborted) this.#log.recovered('Redis accepts writes again')
  }
}
