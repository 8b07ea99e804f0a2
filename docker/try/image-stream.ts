import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  assertSwapped,
  generateImage,
  type HttpRequest,
  type HttpResponse,
  httpRequest,
  imageKinds,
  isLossless,
} from '../../libs/testing/src/index.ts'

/** How long a failed request is retried: longer than any container needs for its restart. */
const timeoutMs = 180_000
const pauseMs = 200

interface Picture {
  name: string
  bytes: Buffer
  /** Whether its result can be compared sample by sample. */
  isExact: boolean
}

export interface Outcome {
  accepted: number
  /** The faults of the other images, by their ids. */
  wrong: string[]
}

/**
 * A client that uploads pictures without pause, follows each to its end, and compares the result with the original.
 * It repeats failed requests, as a client should: uploads with the same Idempotency-Key.
 */
export class ImageStream {
  readonly #url: string
  readonly #pictures: readonly Picture[]
  readonly #wrong: string[] = []
  readonly #clients: Promise<void>[]
  readonly #finishedAt: number[] = []
  #begun = 0
  #accepted = 0
  #isEnding = false

  constructor(url: string, pictures: readonly Picture[], clients: number) {
    this.#url = url
    this.#pictures = pictures
    this.#clients = Array.from({ length: clients }, () => this.#run())
  }

  /** How many images were developed correctly. */
  get finished(): number {
    return this.#finishedAt.length
  }

  /** The longest time without a finished image since an instant (of performance.now()), in milliseconds. */
  longestGapSince(start: number): number {
    const times = [start, ...this.#finishedAt.filter(time => time > start), performance.now()]
    return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)))
  }

  /** Stops uploading; resolves when all accepted images have ended. */
  async end(): Promise<Outcome> {
    this.#isEnding = true
    await Promise.all(this.#clients)
    return { accepted: this.#accepted, wrong: this.#wrong }
  }

  async #run(): Promise<void> {
    while (!this.#isEnding) {
      const picture = this.#pictures[this.#begun++ % this.#pictures.length]
      if (picture === undefined) throw new Error('no pictures to upload')
      const key = randomUUID()
      const uploaded = await this.#ask('/images', [202], {
        method: 'POST',
        body: picture.bytes,
        headers: { 'idempotency-key': key },
      })
      this.#accepted++
      const id = String(uploaded.json().id)
      try {
        await this.#follow(id, picture)
        this.#finishedAt.push(performance.now())
      } catch (error) {
        this.#wrong.push(`${id}, ${picture.name}: ${error instanceof Error ? error.message : error}`)
      }
    }
  }

  async #follow(id: string, picture: Picture): Promise<void> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const status = await this.#ask(`/images/${id}`, [200], { headers: { prefer: 'wait=10' } })
      const { state, error } = status.json()
      if (state === 'finished') break
      if (state === 'failed') throw new Error(`failed: ${JSON.stringify(error)}`)
      if (Date.now() > deadline) throw new Error(`${state} for ${timeoutMs / 1000} s`)
    }
    const { body } = await this.#ask(`/images/${id}/result`, [200], {})
    await assertSwapped(picture.bytes, body, { isExact: picture.isExact })
  }

  /** Sends a request until its response has one of these statuses. A response that a retry can't change is an error. */
  async #ask(path: string, wanted: readonly number[], request: HttpRequest): Promise<HttpResponse> {
    const deadline = Date.now() + timeoutMs
    for (;;) {
      const response = await this.#tryOnce(path, request)
      if (!(response instanceof Error)) {
        if (wanted.includes(response.status)) return response
        if (!isTemporary(response.status)) throw new Error(`${response.status} ${response.body}`)
      }
      if (Date.now() > deadline) {
        const message = response instanceof Error ? response.message : `${response.status} ${response.body}`
        throw new Error(`${path} is not answered: ${message}`)
      }
      await delay(pauseMs)
    }
  }

  async #tryOnce(path: string, request: HttpRequest): Promise<HttpResponse | Error> {
    try {
      return await httpRequest(this.#url, path, { ...request, signal: AbortSignal.timeout(60_000) })
    } catch (error) {
      if (error instanceof Error) return error
      throw error
    }
  }
}

function isTemporary(status: number): boolean {
  return status === 429 || status === 502 || status === 503 || status === 504
}

/** Small pictures of all kinds, and a few as large as those of a camera. */
export async function makePictures(): Promise<Picture[]> {
  const small = imageKinds.flatMap(kind => [
    { kind, width: 640, height: 480 },
    { kind, width: 333, height: 217 },
  ])
  const large = [
    { kind: 'jpeg', width: 4000, height: 3000 },
    { kind: 'png', width: 2000, height: 1500 },
  ] as const
  return Promise.all(
    [...small, ...large].map(async (size, seed) => ({
      name: `${size.kind} of ${size.width} x ${size.height}`,
      bytes: await generateImage({ ...size, seed }),
      isExact: isLossless(size.kind),
    })),
  )
}
