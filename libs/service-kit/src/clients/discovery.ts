import { once, setMaxListeners } from 'node:events'
import { Registration, registrationPrefix, type ServiceName } from '@darkroom/contracts'
import type { Logger } from '../log/logger.ts'
import { withoutCredentials } from './base-url.ts'
import { readJson } from './read-json.ts'
import type { Resolver } from './transport.ts'
import { type KvClient, watchPrefix } from './watch-prefix.ts'

const suspicionMs = 2000

/** Follows the registrations of one service, and returns its instances in turn. */
export class Discovery implements Resolver {
  #urls: string[] = []
  #next = 0
  readonly #suspectUntil = new Map<string, number>()
  readonly #closing = new AbortController()
  readonly #changes = new EventTarget()
  readonly #watching: Promise<void>

  constructor(options: { kv: KvClient; service: ServiceName; logger: Logger }) {
    const { kv, service, logger } = options
    setMaxListeners(0, this.#changes) // every call that waits for the first instance adds a listener
    this.#watching = watchPrefix({
      kv,
      logger,
      prefix: registrationPrefix(service),
      signal: this.#closing.signal,
      onChange: values => {
        this.#urls = [...values].flatMap(([key, value]) => readRegistration(key, value, logger))
        logger.debug({ service, urls: this.#urls.map(withoutCredentials) }, 'instances')
        for (const url of this.#suspectUntil.keys())
          if (!this.#urls.includes(url)) this.#suspectUntil.delete(url)
        this.#changes.dispatchEvent(new Event('change'))
      },
    })
  }

  get urls(): readonly string[] {
    return this.#urls
  }

  async pick(giveUp: () => AbortSignal): Promise<string | undefined> {
    while (this.#urls.length === 0) {
      const signal = giveUp()
      if (signal.aborted) return undefined
      // An abort is not an error here: the loop checks the signal and ends.
      await once(this.#changes, 'change', { signal }).catch(() => undefined)
    }
    const now = performance.now()
    const trusted = this.#urls.filter(url => (this.#suspectUntil.get(url) ?? 0) <= now)
    const candidates = trusted.length > 0 ? trusted : this.#urls
    this.#next = (this.#next + 1) % candidates.length
    return candidates[this.#next]
  }

  suspect(url: string): void {
    this.#suspectUntil.set(url, performance.now() + suspicionMs)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }
}

function readRegistration(key: string, value: Uint8Array, logger: Logger): string[] {
  const registration = readJson(Registration, value)
  if (registration) return [registration.url]
  logger.warn({ key }, 'skipped a registration that is not valid')
  return []
}
