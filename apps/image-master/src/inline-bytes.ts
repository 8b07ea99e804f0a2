import type { Client, ImageFacts, InlineResult, storageRoutes, Work } from '@darkroom/contracts'
import { holdFor, type Logger, ServiceProblem } from '@darkroom/service-kit'

/** Loading the original takes time of the worker's lease; after this long, the worker fetches the original itself. */
const loadSeconds = 1

/** Sends bytes of small images together with messages about their work. */
export class InlineBytes {
  readonly #storage: Client<typeof storageRoutes>
  readonly #logger: Logger

  constructor(storage: Client<typeof storageRoutes>, logger: Logger) {
    this.#storage = storage
    this.#logger = logger
  }

  /** The work with its original, if that has at most `maxBytes` and the storage answers at once. */
  async withOriginal(work: Work, maxBytes: number): Promise<Work> {
    const { id, original } = work
    if (original.bytes > maxBytes) return work
    try {
      using timeout = holdFor(loadSeconds)
      const { signal } = timeout
      const stored = await this.#storage.getBlob({ params: { key: id, stage: 'pre' }, headers: {}, signal })
      if (stored.status !== 200) return work
      const bytes = await stored.body.bytes()
      return { ...work, original: { ...original, content: base64Of(bytes) } }
    } catch (error) {
      this.#logger.debug({ err: error, id }, 'an original was not included; its worker will fetch it')
      return work
    }
  }

  /**
   * Stores a result or a variant on behalf of a worker.
   *
   * @throws ServiceProblem 409 if the storage refuses it; the worker can ask the storage for the reason
   */
  async storeResult(key: string, fence: number, { content, ...facts }: InlineResult): Promise<ImageFacts> {
    const stored = await this.#storage.putBlob({
      params: { key, stage: 'post' },
      querystring: { fence },
      headers: { 'content-type': facts.contentType },
      body: Buffer.from(content, 'base64'),
    })
    if (stored.status === 201) return { ...facts, bytes: stored.body.bytes, sha256: stored.body.sha256 }
    throw new ServiceProblem(409, 'result-refused', stored.body.detail ?? 'the storage refuses the result')
  }
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}
