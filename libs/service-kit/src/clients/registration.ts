import { setTimeout as delay } from 'node:timers/promises'
import { registrationPrefix, type ServiceName } from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import type { KvClient } from './watch-prefix.ts'

const ttlSeconds = 10
const renewMs = (ttlSeconds * 1000) / 3

/** The fields of a registration besides the URL. */
export type Labels = Readonly<Record<string, string | number | readonly string[]>>

/**
 * Keeps `services/<name>/<instance>` in kv-config until it is closed. The key has a lease, so the registration of a killed
 * process expires. It is renewed after each third of the lease.
 */
export class Registration {
  readonly #closing = new AbortController()
  readonly #renewing: Promise<void>
  readonly #kv: KvClient
  readonly #params: { '*': string }

  constructor(options: {
    kv: KvClient
    service: ServiceName
    instance: string
    url: string
    /** Further fields of the registration. */
    labels?: Labels
    logger: Logger
  }) {
    this.#kv = options.kv
    this.#params = { '*': registrationPrefix(options.service) + options.instance }
    this.#renewing = this.#renew(
      new TextEncoder().encode(JSON.stringify({ ...options.labels, url: options.url })),
      options.logger,
    )
  }

  /** Deletes the registration now. If kv-config does not answer, the lease expires. */
  async close(): Promise<void> {
    this.#closing.abort()
    await this.#renewing
    await this.#kv
      .deleteKey({ params: this.#params, headers: {}, signal: AbortSignal.timeout(500) })
      .catch(() => undefined)
  }

  async #renew(body: Uint8Array, logger: Logger): Promise<void> {
    const { signal } = this.#closing
    let isRegistered = true
    while (!signal.aborted) {
      try {
        await this.#kv.setKey({
          params: this.#params,
          querystring: { ttl: ttlSeconds },
          headers: {},
          body,
          signal,
        })
        if (!isRegistered) logger.info('registered again')
        isRegistered = true
      } catch (error) {
        if (signal.aborted) return
        if (isRegistered) logger.warn({ err: error }, 'cannot register: kv-config does not answer; retrying')
        isRegistered = false
      }
      await delay(isRegistered ? renewMs : 250, undefined, { signal }).catch(() => undefined)
    }
  }
}
