import type { Client, taskDbRoutes } from '@darkroom/contracts'
import { type ServiceProblem, tooManyRequests, unavailable } from '@darkroom/service-kit'

const countAgeMs = 500
/** How many owners are remembered. A count is used for only half a second, so the oldest counts can be dropped. */
const maxOwners = 1000

interface Count {
  count: Promise<number>
  readAt: number
}

/** The part of `maxBytesInFlight` that the uploads of one owner may take: slow uploads must leave room for other owners. */
const shareOfOwner = 0.75

type Bytes = AsyncIterable<Uint8Array> | Uint8Array

interface Receiving extends Disposable {
  readonly body: Bytes
}

/**
 * Refuses uploads under overload: when the queue is full, or when too many bytes are being received. The storage
 * itself refuses uploads when its disk fills up.
 */
export class Admission {
  readonly #taskDb: Client<typeof taskDbRoutes>
  /** By owner; the count of the whole queue has the empty name. */
  readonly #counts = new Map<string, Count>()
  #bytesInFlight = 0
  readonly #bytesInFlightOf = new Map<string, number>()

  constructor(taskDb: Client<typeof taskDbRoutes>) {
    this.#taskDb = taskDb
  }

  /** @throws ServiceProblem 429 if too many images wait, in all or of this owner; 503 if too many bytes are in flight */
  async check({
    maxQueued,
    maxQueuedPerOwner,
    maxBytesInFlight,
    owner,
  }: {
    maxQueued: number
    maxQueuedPerOwner: number
    maxBytesInFlight: number
    owner?: string | undefined
  }): Promise<void> {
    if (this.#bytesInFlight >= maxBytesInFlight) {
      throw unavailable(
        'too-many-uploads',
        `too many uploads are being received: ${this.#bytesInFlight} bytes, and at most ${maxBytesInFlight} are allowed; try again in a second`,
        1,
      )
    }
    if (owner !== undefined && this.#bytesOf(owner) >= shareOfOwner * maxBytesInFlight)
      throw tooManyUploadsOf(owner)
    const queued = await this.#countQueued()
    if (queued >= maxQueued)
      throw tooManyRequests(
        'queue-full',
        `the queue is full: ${queued} images are waiting, and at most ${maxQueued} may wait`,
        5,
      )
    // An owner cannot have more waiting images than the whole queue.
    if (owner === undefined || queued < maxQueuedPerOwner) return
    const own = await this.#countQueued(owner)
    const limit = limitOfOwner(queued, { maxQueued, maxQueuedPerOwner })
    if (own < limit) return
    const detail = `${own} images of ${owner} are waiting; at most ${limit} may wait`
    throw tooManyRequests('owner-queue-full', detail, 5)
  }

  /**
   * Counts the bytes of an upload as in flight until the result is disposed of, even if the upload isn't read to its
   * end. Another reader may read the rest afterwards. If the uploads of the owner together have too many bytes, this throws
   * a ServiceProblem 503, or the reading of a stream does.
   */
  receive(
    upload: Bytes,
    { owner, maxBytesInFlight }: { owner?: string | undefined; maxBytesInFlight: number },
  ): Receiving {
    let bytes = 0
    let isOver = false
    const count = (more: number) => {
      if (isOver) return
      bytes += more
      this.#bytesInFlight += more
      if (owner !== undefined) this.#countOfOwner(owner, more)
    }
    const receive = (more: number) => {
      const own = owner === undefined ? 0 : this.#bytesOf(owner)
      // The only upload of an owner is limited by its size alone.
      if (owner !== undefined && !isOver && own > bytes && own + more > shareOfOwner * maxBytesInFlight)
        throw tooManyUploadsOf(owner)
      count(more)
    }
    const end = () => {
      count(-bytes)
      isOver = true
    }
    if (upload instanceof Uint8Array) {
      receive(upload.length)
      return { body: upload, [Symbol.dispose]: end }
    }
    const body = counted(upload, receive)
    return {
      body,
      [Symbol.dispose]: () => {
        end()
        // Not awaited, because a client that sends nothing would delay this. Any error has already reached the reader.
        body.return(undefined).catch(() => undefined)
      },
    }
  }

  #bytesOf(owner: string): number {
    return this.#bytesInFlightOf.get(owner) ?? 0
  }

  #countOfOwner(owner: string, more: number): void {
    const bytes = this.#bytesOf(owner) + more
    if (bytes > 0) this.#bytesInFlightOf.set(owner, bytes)
    else this.#bytesInFlightOf.delete(owner)
  }

  /** At most half a second old, so that not every upload queries the task DB. */
  #countQueued(owner = ''): Promise<number> {
    const now = performance.now()
    const known = this.#counts.get(owner)
    if (known && now - known.readAt <= countAgeMs) return known.count
    const count = owner === '' ? this.#countAll() : this.#countOf(owner)
    if (this.#counts.size >= maxOwners) this.#counts.clear()
    this.#counts.set(owner, { count, readAt: now })
    return count
  }

  async #countAll(): Promise<number> {
    return (await this.#taskDb.getStats({})).body['not-started']
  }

  async #countOf(owner: string): Promise<number> {
    return (await this.#taskDb.countWaiting({ querystring: { owner } })).body.count
  }
}

function tooManyUploadsOf(owner: string): ServiceProblem {
  const detail = `too many uploads of ${owner} are being received; try again in a second`
  return unavailable('too-many-uploads', detail, 1)
}

/**
 * How many images of one owner may wait. The limit is in proportion to the room that the queue still has (dynamic queue
 * length thresholds; Choudhury and Hahne, 1998). So a single owner may reach `maxQueuedPerOwner`, but however many owners
 * fill the queue together, they leave room for others.
 */
function limitOfOwner(
  queued: number,
  { maxQueued, maxQueuedPerOwner }: { maxQueued: number; maxQueuedPerOwner: number },
): number {
  const reserved = maxQueued - maxQueuedPerOwner
  if (reserved <= 0) return maxQueuedPerOwner
  return Math.min(maxQueuedPerOwner, Math.ceil((maxQueuedPerOwner / reserved) * (maxQueued - queued)))
}

async function* counted(
  body: AsyncIterable<Uint8Array>,
  count: (bytes: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    count(chunk.length)
    yield chunk
  }
}
