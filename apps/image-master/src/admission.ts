import type { Client, taskDbRoutes } from '@darkroom/contracts'
import { retryLater } from '@darkroom/service-kit'

const statsAgeMs = 500

export interface Receiving extends Disposable {
  readonly body: AsyncIterable<Uint8Array>
}

/**
 * Refuses overload at the door: a full queue, and more bytes being received than allowed. Disks that fill up
 * are refused by the storage.
 */
export class Admission {
  readonly #taskDb: Client<typeof taskDbRoutes>
  #queued: { count: Promise<number>; readAt: number } | undefined
  #bytesInFlight = 0

  constructor(taskDb: Client<typeof taskDbRoutes>) {
    this.#taskDb = taskDb
  }

  /** @throws ServiceProblem 429 when the queue is full, 503 when too much is being received */
  async check({
    maxQueued,
    maxBytesInFlight,
  }: {
    maxQueued: number
    maxBytesInFlight: number
  }): Promise<void> {
    if (this.#bytesInFlight >= maxBytesInFlight) {
      throw retryLater(503, 'too-many-uploads', 'too many bytes are being received right now', 1)
    }
    const queued = await this.#countQueued()
    if (queued >= maxQueued) throw retryLater(429, 'queue-full', `${queued} images wait to be developed`, 5)
  }

  /**
   * Passes an upload on and counts its bytes as in flight until it is disposed of, read to its end or not. What
   * was not read by then may be read by others.
   */
  receive(upload: AsyncIterable<Uint8Array>): Receiving {
    let bytes = 0
    let isOver = false
    const count = (more: number) => {
      if (isOver) return
      bytes += more
      this.#bytesInFlight += more
    }
    const body = counted(upload, count)
    return {
      body,
      [Symbol.dispose]: () => {
        count(-bytes)
        isOver = true
        // Not awaited: a client that sends nothing would hold us up. What it throws was thrown to who read.
        body.return(undefined).catch(() => undefined)
      },
    }
  }

  /** Half a second old at most, so that uploads don't ask the task DB each. */
  #countQueued(): Promise<number> {
    const now = performance.now()
    if (!this.#queued || now - this.#queued.readAt > statsAgeMs) {
      const count = this.#taskDb.getStats({}).then(({ body }) => body['not-started'])
      this.#queued = { count, readAt: now }
    }
    return this.#queued.count
  }
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
