import {
  type BatchedCall,
  type BatchedResponse,
  maxBatchedCalls,
  type Problem,
  type Route,
  UnexpectedReply,
} from '@darkroom/contracts'

/** With one batch at a time, client and service would wait for each other. More batches would be smaller, and cost more. */
const maxUnderWay = 3
/** How long a call waits while that many batches are in flight: about as long as a commit takes. */
const longestWaitMs = 3

interface BatchClient {
  answerBatch(call: { body: { calls: BatchedCall[] } }): Promise<{ body: { answers: BatchedResponse[] } }>
}

type Send = (call: AnyCall) => Promise<unknown>
type AnyCall = Omit<BatchedCall, 'name'> & { signal?: AbortSignal }

interface WaitingCall {
  readonly name: string
  readonly call: AnyCall
  resolve(reply: unknown): void
  reject(error: unknown): void
}

/**
 * The same client, which sends calls of `routes` in batches: those that are made at the same time, and those that are made
 * while several batches are in flight. Calls that can be aborted, and calls that the service may hold (`wait`), are sent
 * alone.
 */
export function batchCalls<Client extends BatchClient>(
  client: Client,
  routes: Readonly<Record<string, Route>>,
): Client {
  const batcher = new Batcher(client, routes)
  const calls = Object.keys(routes).map(name => [name, (call: AnyCall) => batcher.call(name, call)])
  return { ...client, ...Object.fromEntries(calls) }
}

class Batcher {
  readonly #client: BatchClient
  readonly #routes: Readonly<Record<string, Route>>
  #waiting: WaitingCall[] = []
  #underWay = 0
  #isLeaving = false
  #longestWait: NodeJS.Timeout | undefined

  constructor(client: BatchClient, routes: Readonly<Record<string, Route>>) {
    this.#client = client
    this.#routes = routes
  }

  call(name: string, call: AnyCall): Promise<unknown> {
    if (call.signal || heldSeconds(call) > 0) return this.#sendAlone(name, call)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, call, resolve, reject })
      if (this.#underWay < maxUnderWay || this.#waiting.length >= maxBatchedCalls) this.#leaveSoon()
      else this.#longestWait ??= setTimeout(() => this.#leave(), longestWaitMs)
    })
  }

  /** Calls caused by other sockets in the same turn of the event loop join the batch. */
  #leaveSoon(): void {
    if (this.#isLeaving) return
    this.#isLeaving = true
    setImmediate(() => {
      this.#isLeaving = false
      this.#leave()
    })
  }

  #leave(): void {
    clearTimeout(this.#longestWait)
    this.#longestWait = undefined
    const batch = this.#waiting.splice(0, maxBatchedCalls)
    if (batch.length === 0) return
    this.#underWay++
    void this.#send(batch).finally(() => {
      this.#underWay--
      this.#leave()
    })
    if (this.#waiting.length > 0) this.#leaveSoon()
  }

  /** Never rejects: each call gets its own response or error. */
  async #send(batch: readonly WaitingCall[]): Promise<void> {
    if (batch.length === 1) return this.#settleAlone(batch)
    const calls = batch.map(({ name, call: { params, querystring, body } }) => ({
      name,
      params,
      querystring,
      body,
    }))
    try {
      const { answers } = (await this.#client.answerBatch({ body: { calls } })).body
      await Promise.all(batch.map((waiting, index) => this.#settle(waiting, answers[index])))
    } catch (error) {
      // An earlier version of the service, or a batch with too many bytes.
      if (error instanceof UnexpectedReply) return this.#settleAlone(batch)
      for (const { reject } of batch) reject(error)
    }
  }

  async #settle(waiting: WaitingCall, response: BatchedResponse | undefined): Promise<void> {
    const route = this.#routes[waiting.name]
    if (!route || !response) throw new Error(`a batch has no response for ${waiting.name}`)
    const { status, headers = {}, body } = response
    if (status in route.schema.response) waiting.resolve({ status, headers, body })
    // As with a call outside a batch, the transport retries for a while.
    else if (status === 503 && route.idempotent) await this.#settleAlone([waiting])
    else waiting.reject(new UnexpectedReply(route, { status, headers, problem: body as Problem }))
  }

  async #settleAlone(batch: readonly WaitingCall[]): Promise<void> {
    await Promise.all(
      batch.map(({ name, call, resolve, reject }) => this.#sendAlone(name, call).then(resolve, reject)),
    )
  }

  #sendAlone(name: string, call: AnyCall): Promise<unknown> {
    const send = (this.#client as unknown as Record<string, Send>)[name]
    if (!send) throw new Error(`the client has no route ${name}`)
    return send(call)
  }
}

function heldSeconds({ querystring }: AnyCall): number {
  return Number((querystring as { wait?: number } | undefined)?.wait ?? 0)
}
