import { once, setMaxListeners } from 'node:events'
import { optionalTypes, packageFor, registrationPrefix, WorkerRegistration } from '@darkroom/contracts'
import { Value } from '@darkroom/contracts/typebox'
import { type KvClient, type Logger, ServiceProblem, unavailable, watchPrefix } from '@darkroom/service-kit'

/** A worker may register a moment after the master when both are started together. */
const usualTimeoutMs = 3000

/**
 * Follows in kv-config which optional types the workers can decode. While no worker is registered, the last known
 * types stay.
 */
export class Workers {
  readonly #timeoutMs: number
  /** Undefined until a worker has registered. */
  #decoded: ReadonlySet<string> | undefined
  readonly #changes = new EventTarget()
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>

  constructor({
    kv,
    logger,
    timeoutMs = usualTimeoutMs,
  }: {
    kv: KvClient
    logger: Logger
    /** How long an upload waits for the first worker to register. */
    timeoutMs?: number
  }) {
    this.#timeoutMs = timeoutMs
    setMaxListeners(0, this.#changes) // each waiting upload adds a listener
    this.#watching = watchPrefix({
      kv,
      logger,
      prefix: registrationPrefix('image-worker'),
      signal: this.#closing.signal,
      onChange: values => {
        if (values.size === 0) return
        this.#decoded = new Set([...values].flatMap(([key, value]) => readDecodes(key, value, logger)))
        this.#changes.dispatchEvent(new Event('known'))
      },
    })
  }

  /**
   * Returns when a worker can decode an original of this type.
   *
   * @throws ServiceProblem 415 if no worker can, 503 while no worker has registered
   */
  async requireDecoder(contentType: string): Promise<void> {
    const missing = packageFor(contentType)
    if (missing === undefined) return
    if (!this.#decoded) {
      const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#timeoutMs)])
      await once(this.#changes, 'known', { signal }).catch(() => undefined)
    }
    if (!this.#decoded) {
      const detail = `no worker has registered yet, and not every worker can decode ${contentType}`
      throw unavailable('no-worker', detail, 2)
    }
    if (this.#decoded.has(contentType)) return
    const detail = `no worker decodes ${contentType}: install the package ${missing} where the workers run, and restart them`
    throw new ServiceProblem(415, 'not-decodable', detail)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }
}

/** Unknown types are ignored. */
function readDecodes(key: string, value: Uint8Array, logger: Logger): string[] {
  try {
    const { decodes = [] } = Value.Parse(WorkerRegistration, JSON.parse(Buffer.from(value).toString()))
    return decodes.filter(type => optionalTypes.includes(type))
  } catch (error) {
    logger.warn({ err: error, key }, 'skipped a registration that is not valid')
    return []
  }
}
