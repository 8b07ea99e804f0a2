import {
  type Client,
  isBytes,
  type Problem,
  type Route,
  type ServiceName,
  type StreamedBody,
  UnexpectedReply,
} from '@darkroom/contracts'
import { GivenStream } from '../bodies/given-stream.ts'
import { answerCall, problemOf } from '../http/answer-call.ts'
import type { AnyHandledCall, AnyResponse, Api } from '../http/api.ts'
import { isIterable } from '../http/serve.ts'
import type { Logger } from '../log/logger.ts'
import { OutageLog } from '../log/outage-log.ts'
import { type ServiceProblem, ServiceUnavailable } from '../problems/problems.ts'
import { Backoff } from '../time/backoff.ts'

/**
 * The services of this process that can be called without HTTP: a client passes its call to the handler directly, bodies by
 * reference. Everything else works as between processes: problems, retries during outages, and waiting for running calls
 * when a service closes before its client.
 */
export class InProcessServices {
  readonly #offered = new Map<ServiceName, OfferedService>()

  /** Makes clients in this process call these handlers until the offer is closed. */
  offer(name: ServiceName, api: Api, logger: Logger): OfferedService {
    const offered = new OfferedService(api, logger, () => this.#offered.delete(name))
    this.#offered.set(name, offered)
    return offered
  }

  find(name: ServiceName): OfferedService | undefined {
    return this.#offered.get(name)
  }
}

/** Handlers, and the number of their running calls. */
export class OfferedService {
  readonly #api: Api
  readonly #outages: OutageLog
  readonly #withdraw: () => void
  #underWay = 0
  #becameIdle: (() => void) | undefined

  constructor(api: Api, logger: Logger, withdraw: () => void) {
    this.#api = api
    this.#outages = new OutageLog(logger)
    this.#withdraw = withdraw
  }

  async call(name: string, call: AnyHandledCall): Promise<AnyResponse> {
    this.#underWay++
    try {
      return await answerCall(this.#api, name, call, this.#outages)
    } finally {
      this.#underWay--
      if (this.#underWay === 0) this.#becameIdle?.()
    }
  }

  problemOf(error: unknown): ServiceProblem {
    return problemOf(error, this.#api)
  }

  /** Accepts no more calls; resolves when all running calls have ended. */
  async close(): Promise<void> {
    this.#withdraw()
    if (this.#underWay > 0) await new Promise<void>(resolve => (this.#becameIdle = resolve))
  }
}

/**
 * A typed client that calls the handlers of a service in this process, or uses `remote` if the service runs
 * elsewhere. `timeoutMs` limits how long a repeatable call is retried during an outage.
 */
export function createInProcessClient<const Routes extends Record<string, Route>>(options: {
  service: ServiceName
  routes: Routes
  services: InProcessServices
  remote: Client<Routes>
  timeoutMs?: number | undefined
}): Client<Routes> {
  const { service, routes, services, remote, timeoutMs = 10_000 } = options
  const calls = Object.entries(routes).map(([name, route]) => [
    name,
    (call: Partial<AnyHandledCall>) => {
      const offered = services.find(service)
      if (!offered) return remote[name as keyof Routes](call as never)
      return callOffered(offered, { service, name, route, timeoutMs }, call)
    },
  ])
  return Object.fromEntries(calls) as Client<Routes>
}

interface Called {
  service: ServiceName
  name: string
  route: Route
  timeoutMs: number
}

async function callOffered(
  offered: OfferedService,
  { service, name, route, timeoutMs }: Called,
  given: Partial<AnyHandledCall>,
) {
  const stream = isIterable(given.body) ? new GivenStream(given.body) : undefined
  given.signal?.throwIfAborted()
  const call = new PassedCall(given, stream ?? given.body)
  let response = await offered.call(name, call)
  if (stream?.failure !== undefined) throw stream.failure
  if (response.status === 503 && mayRepeat(route, call)) {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([timeout, call.signal])
    const backoff = new Backoff(20, 500)
    while (response.status === 503) {
      await backoff.wait(signal)
      call.signal.throwIfAborted()
      if (timeout.aborted) throw new ServiceUnavailable(service, unexpected(route, response))
      response = await offered.call(name, call)
    }
  }
  return replyOf(route, response, offered)
}

/** Most calls have no signal, and most handlers never use it. So a missing signal is created when it is first used. */
class PassedCall implements AnyHandledCall {
  readonly params: unknown
  readonly querystring: unknown
  readonly headers: unknown
  readonly body: unknown
  #signal: AbortSignal | undefined

  constructor(
    { params = {}, querystring = {}, headers = {}, signal }: Partial<AnyHandledCall>,
    body: unknown,
  ) {
    this.params = params
    this.querystring = querystring
    this.headers = headers
    this.body = body
    this.#signal = signal
  }

  get signal(): AbortSignal {
    this.#signal ??= new AbortController().signal
    return this.#signal
  }
}

/** Whether a call is retried during an outage, as the transport does between processes. */
function mayRepeat(route: Route, { body }: AnyHandledCall): boolean {
  const isStreamed = route.schema.body !== undefined && isBytes(route.schema.body)
  const isSpent = isStreamed && !(body instanceof Uint8Array)
  return route.idempotent && !(503 in route.schema.response) && !isSpent
}

function replyOf(route: Route, response: AnyResponse, offered: OfferedService) {
  const schema = route.schema.response[response.status]
  if (!schema) throw unexpected(route, response)
  const headers = Object.fromEntries(
    Object.entries(response.headers ?? {}).map(([name, value]) => [
      name,
      value === undefined ? undefined : String(value),
    ]),
  )
  const body = isBytes(schema) ? new PassedBody(response.body as Content, offered) : response.body
  return { status: response.status, headers, body }
}

function unexpected(route: Route, { status, headers, body }: AnyResponse): UnexpectedReply {
  return new UnexpectedReply(route, { status, headers: headers ?? {}, problem: body as Problem })
}

type Content = AsyncIterable<Uint8Array> | Uint8Array | undefined

/** A body passed by reference, with the interface of a received body. */
class PassedBody implements StreamedBody {
  readonly #content: Content
  readonly #from: OfferedService

  constructor(content: Content, from: OfferedService) {
    this.#content = content
    this.#from = from
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#content === undefined) return
    if (this.#content instanceof Uint8Array) {
      yield this.#content
      return
    }
    try {
      yield* this.#content
    } catch (error) {
      throw this.#from.problemOf(error)
    }
  }

  async bytes(): Promise<Uint8Array> {
    if (this.#content instanceof Uint8Array) return this.#content
    return Buffer.concat(await Array.fromAsync(this))
  }

  async text(): Promise<string> {
    return Buffer.from(await this.bytes()).toString()
  }

  /** Ends an unread stream, so that its resources are freed. */
  async dump(): Promise<void> {
    if (this.#content === undefined || this.#content instanceof Uint8Array) return
    if ('destroy' in this.#content && typeof this.#content.destroy === 'function') this.#content.destroy()
    else await this.#content[Symbol.asyncIterator]().return?.()
  }
}
