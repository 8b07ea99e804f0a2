import {
  type Client,
  type ImageFacts,
  type InlineResult,
  outputKey,
  type Results,
  type storageRoutes,
  type Work,
} from '@darkroom/contracts'
import { holdFor, type Logger, ServiceProblem } from '@darkroom/service-kit'

/** Loading the original uses up time of the worker's lease, so after this long, the worker fetches the original itself. */
const loadSeconds = 1

/** The report of a worker that has finished. Small results are in it; the others are stored already. */
interface Report {
  id: string
  lease: number
  result?: ImageFacts | InlineResult
  variants?: Record<string, ImageFacts | InlineResult>
}

/** The bytes of small images, which are sent together with messages about their work. */
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
   * Stores the results that came with a report, on behalf of its worker. Returns the facts of all results.
   *
   * @throws ServiceProblem 400 if the report contains neither a result nor variants; 409 if the storage refuses a result
   */
  async storeResults({ id, lease, result, variants }: Report): Promise<Results> {
    const factsOf = (given: ImageFacts | InlineResult, name?: string) =>
      'content' in given ? this.#store(outputKey(id, name), lease, given) : given
    if (!variants) {
      if (result) return { result: await factsOf(result) }
      throw new ServiceProblem(400, 'invalid-request', 'the body must have a result, variants, or both')
    }
    const [facts, named] = await Promise.all([
      result && factsOf(result),
      Promise.all(
        Object.entries(variants).map(async ([name, given]) => [name, await factsOf(given, name)] as const),
      ),
    ])
    return { ...(facts && { result: facts }), variants: Object.fromEntries(named) }
  }

  /** If the storage refuses the result, the worker can ask the storage for the reason. */
  async #store(key: string, fence: number, { content, ...facts }: InlineResult): Promise<ImageFacts> {
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
