import { ServiceProblem, unavailable } from '@darkroom/service-kit'
import { type Download, download, UnwantedStatus } from '../outbound/download.ts'
import { downloadsPerAddress, type Outbound } from '../outbound/outbound.ts'
import { OutboundFailure } from '../outbound/outbound-failure.ts'
import { PausedTimeout } from '../outbound/paused-timeout.ts'
import { hostOf } from '../outbound/target.ts'

/** How long the other server may take. The time in which the master does not read is not counted. */
const timeoutMs = 30_000
const maxImports = 64
/** An owner whose servers are slow must leave some imports for other owners. */
const maxImportsPerOwner = 48

/** Fetches images from URLs that callers name, as part of their requests. */
export class Importer {
  readonly #outbound: Outbound
  #underWay = 0
  readonly #underWayOf = new Map<string, number>()

  constructor(outbound: Outbound) {
    this.#outbound = outbound
  }

  /**
   * Opens the image at a URL. Dispose of it afterwards. Errors name only the host, because a URL may contain a secret.
   *
   * @throws ServiceProblem 400, 422 or 503; reading the body throws 422
   */
  async open(url: string, hangUp: AbortSignal, owner?: string): Promise<Download> {
    const mistake = this.#outbound.mistakeIn(url)
    if (mistake !== undefined) throw importFailed(`the URL cannot be imported: ${mistake}`)
    if (this.#underWay >= maxImports)
      throw unavailable('too-many-imports', `${maxImports} imports are in progress; try again later`, 2)
    if (owner !== undefined && (this.#underWayOf.get(owner) ?? 0) >= maxImportsPerOwner)
      throw unavailable(
        'too-many-imports',
        `${maxImportsPerOwner} of your imports are in progress; try again later`,
        2,
      )
    const fail = (error: unknown): never => {
      if (error instanceof OutboundFailure && error.reason === 'busy')
        throw unavailable(
          'too-many-imports',
          `${downloadsPerAddress} imports from the server of this URL are in progress; try again later`,
          2,
        )
      if (error instanceof OutboundFailure || error instanceof UnwantedStatus)
        throw importFailed(
          `the image could not be fetched from ${hostOf(new URL(url))}: ${error.message}`,
          error,
        )
      throw error
    }
    this.#count(owner, 1)
    const timeout = new PausedTimeout(timeoutMs)
    try {
      const signal = AbortSignal.any([hangUp, timeout.signal])
      const opened = await timeout.during(() => download(this.#outbound, url, signal))
      return {
        body: readBody(opened.body, timeout, fail),
        contentLength: opened.contentLength,
        [Symbol.dispose]: () => {
          this.#count(owner, -1)
          opened[Symbol.dispose]()
        },
      }
    } catch (error) {
      this.#count(owner, -1)
      return fail(error)
    }
  }

  #count(owner: string | undefined, change: 1 | -1): void {
    this.#underWay += change
    if (owner === undefined) return
    const underWay = (this.#underWayOf.get(owner) ?? 0) + change
    if (underWay > 0) this.#underWayOf.set(owner, underWay)
    else this.#underWayOf.delete(owner)
  }
}

async function* readBody(
  body: AsyncIterable<Uint8Array>,
  timeout: PausedTimeout,
  fail: (error: unknown) => never,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { value, done } = await timeout.during(() => chunks.next()).catch(fail)
      if (done) return
      yield value
    }
  } finally {
    await chunks.return?.()
  }
}

function importFailed(detail: string, cause?: unknown): ServiceProblem {
  return new ServiceProblem(422, 'import-failed', detail, { cause })
}
