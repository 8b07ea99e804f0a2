import { once, setMaxListeners } from 'node:events'
import { optionalTypes, packageFor, registrationPrefix, WorkerRegistration } from '@darkroom/contracts'
import {
  type KvClient,
  type Logger,
  readJson,
  ServiceProblem,
  unavailable,
  watchPrefix,
} from '@darkroom/service-kit'

/** A worker may register a moment after the master when both are started together. */
const usualTimeoutMs = 3000

/** For this long, workers that decode a type may be absent, for example while they are replaced by a new version. */
const usualAbsenceMs = 600_000

/**
 * Follows in kv-config which optional types the workers can decode. While no worker is registered, the last known
 * types stay.
 */
export class Workers {
  readonly #timeoutMs: number
  readonly #absenceMs: number
  /** Undefined until a worker has registered. */
  #decoded: ReadonlySet<string> | undefined
  /** The types that no registered worker decodes, and since when (`performance.now`). */
  readonly #lackedSince = new Map<string, number>()
  readonly #changes = new EventTarget()
  readonly #closing = new AbortController()
  readonly #watching: Promise<void>

  constructor({
    kv,
    logger,
    timeoutMs = usualTimeoutMs,
    absenceMs = usualAbsenceMs,
  }: {
    kv: KvClient
    logger: Logger
    /** How long an upload waits for the first worker to register. */
    timeoutMs?: number
    /** After this time without a worker that decodes a type, its images are no longer expected to be decoded. */
    absenceMs?: number
  }) {
    this.#timeoutMs = timeoutMs
    this.#absenceMs = absenceMs
    setMaxListeners(0, this.#changes) // each waiting upload adds a listener
    this.#watching = watchPrefix({
      kv,
      logger,
      prefix: registrationPrefix('image-worker'),
      signal: this.#closing.signal,
      onChange: values => {
        this.#follow(values, logger)
        if (values.size === 0) return
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
    throw new ServiceProblem(415, 'not-decodable', describeMissing(contentType))
  }

  /** The types that no worker has decoded for a long time, although workers are registered. */
  undecodable(): string[] {
    const before = performance.now() - this.#absenceMs
    return [...this.#lackedSince].filter(([, since]) => since <= before).map(([type]) => type)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    await this.#watching
  }

  #follow(registrations: ReadonlyMap<string, Uint8Array>, logger: Logger): void {
    const decoded = new Set([...registrations].flatMap(([key, value]) => readDecodes(key, value, logger)))
    if (registrations.size > 0) this.#decoded = decoded
    for (const type of optionalTypes) {
      const isLacked = registrations.size > 0 && !decoded.has(type)
      if (!isLacked) this.#lackedSince.delete(type)
      else if (!this.#lackedSince.has(type)) this.#lackedSince.set(type, performance.now())
    }
  }
}

/** Advice for operators about a type that no worker decodes. */
export function describeMissing(contentType: string): string {
  return `no worker decodes ${contentType}: install the package ${packageFor(contentType)} where the workers run, and restart them`
}

/** Unknown types are ignored. */
function readDecodes(key: string, value: Uint8Array, logger: Logger): string[] {
  const registration = readJson(WorkerRegistration, value)
  if (!registration) logger.warn({ key }, 'skipped a registration that is not valid')
  return (registration?.decodes ?? []).filter(type => optionalTypes.includes(type))
}
