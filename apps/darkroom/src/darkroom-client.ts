import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import {
  type Client,
  createClient,
  frontendRoutes,
  hasEnded,
  type Problem,
  UnexpectedReply,
} from '@darkroom/contracts'
import { createTransport, fixedAddress, readBaseUrl, ServiceUnavailable } from '@darkroom/service-kit'
import { Agent } from 'undici'
import { ExpectedFailure } from './expected-failure.ts'

const timeoutMs = 60_000
const waitSeconds = 25

/** Uses Darkroom the way any client can: it keeps trying while the service is away, and comes back when told to. */
export class DarkroomClient {
  readonly #url: string
  readonly #key: string | undefined
  readonly #dispatcher = new Agent({ connect: { timeout: 3000 } })
  readonly #frontend: Client<typeof frontendRoutes>

  /** `url` may have a path and credentials: both are used in every request; a key, in the place of credentials. */
  constructor(url: string, key?: string) {
    this.#url = key === undefined ? url : withoutCredentials(url)
    this.#key = key
    this.#frontend = this.#connect(timeoutMs)
  }

  /** @throws ExpectedFailure that says how to start it, if nothing answers, or that it wants another key */
  async checkThere(): Promise<void> {
    try {
      await this.#connect(1000).listImages({ querystring: { limit: 1 } })
    } catch (cause) {
      if (cause instanceof UnexpectedReply && cause.status === 401)
        throw new ExpectedFailure(this.#explainRefusal(cause), { cause })
      if (cause instanceof UnexpectedReply) return // it is there
      const { origin, path } = readBaseUrl(this.#url) // without the password
      throw new ExpectedFailure(`nothing answers at ${origin}${path}; to start it: npx darkroom start`, {
        cause,
      })
    }
  }

  /**
   * Uploads a file, again if need be, and answers the image's id. `refusedForNow` is called with the reason when it
   * waits to try again.
   *
   * @throws Error with the reason of a refusal
   */
  async upload(
    path: string,
    operations: string | undefined,
    refusedForNow: (reason: string) => void = () => undefined,
  ): Promise<string> {
    const size = await sizeOf(path)
    const idempotencyKey = randomUUID()
    for (const deadline = performance.now() + timeoutMs; ; ) {
      const body = createReadStream(path)
      try {
        const reply = await this.#frontend.uploadImage({
          querystring: operations === undefined ? {} : { operations },
          headers: { 'idempotency-key': idempotencyKey, 'content-length': String(size) },
          body,
        })
        if (reply.status === 202 || reply.status === 200) return reply.body.id
        if (performance.now() > deadline || !isOverload(reply.status)) throw new Error(wordsOf(reply.body))
        refusedForNow(wordsOf(reply.body))
        await delay(1000 * Number(reply.headers['retry-after'] ?? 1))
      } catch (error) {
        if (performance.now() > deadline || !(error instanceof ServiceUnavailable)) throw error
        await delay(1000)
      } finally {
        body.destroy()
      }
    }
  }

  /** Resolves with the result's content type when the image is developed. @throws Error with the reason if it isn't */
  async waitForEnd(id: string): Promise<string> {
    for (const deadline = performance.now() + timeoutMs; ; ) {
      try {
        const reply = await this.#frontend.getImage({
          params: { id },
          headers: { prefer: `wait=${waitSeconds}` },
        })
        if (reply.status === 404) throw new Error('the image was deleted')
        const { error, result } = reply.body
        if (result) return result.contentType
        if (hasEnded(reply.body)) throw new Error(error?.detail ?? 'it failed')
      } catch (error) {
        const isPassing = error instanceof UnexpectedReply && isOverload(error.status)
        if (!isPassing || performance.now() > deadline) throw error
        await delay(1000)
      }
    }
  }

  /** The bytes of the result. */
  async download(id: string): Promise<AsyncIterable<Uint8Array>> {
    const reply = await this.#frontend.getResult({ params: { id }, headers: {} })
    if (reply.status === 200) return reply.body
    throw new Error(`the result is not to be had (${reply.status})`)
  }

  close(): Promise<void> {
    return this.#dispatcher.close()
  }

  #connect(timeoutMs: number): Client<typeof frontendRoutes> {
    const resolver = fixedAddress(this.#url)
    const transport = createTransport({
      service: 'Darkroom',
      resolver,
      dispatcher: this.#dispatcher,
      timeoutMs,
    })
    const shown = this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }
    return createClient(frontendRoutes, request =>
      transport({ ...request, headers: { ...request.headers, ...shown } }),
    )
  }

  #explainRefusal({ problem, message }: UnexpectedReply): string {
    const remedy = this.#key === undefined ? '; give it as --key or DARKROOM_KEY' : ''
    return `${problem?.detail ?? message}${remedy}`
  }
}

function withoutCredentials(text: string): string {
  const url = new URL(text)
  url.username = ''
  url.password = ''
  return url.href
}

async function sizeOf(path: string): Promise<number> {
  const found = await stat(path).catch(() => undefined)
  if (!found) throw new Error('there is no such file')
  if (!found.isFile()) throw new Error('it is not a file')
  return found.size
}

function isOverload(status: number): boolean {
  return status === 429 || status === 503
}

function wordsOf(problem: Problem): string {
  return problem.detail ?? problem.title
}
