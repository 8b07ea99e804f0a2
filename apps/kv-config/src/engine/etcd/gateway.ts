import { setTimeout as delay } from 'node:timers/promises'
import { wasNeverSent } from '@darkroom/service-kit'
import { Agent, type Dispatcher } from '@darkroom/service-kit/undici'
import type { Credentials, EtcdAddress } from './address.ts'
import { Endpoints } from './endpoints.ts'
import { full, misconfigured, outcomeUnknown, unavailable } from './errors.ts'
import { EtcdRefusal, toRefusal } from './refusal.ts'

/** Sending a `repeatable` request twice has the same effect as sending it once: all reads, and changes of leases. */
type Kind = 'repeatable' | 'write'

const connectMs = 1000
/** How long one member may take to answer; longer for a write, because its outcome is unknown without a response. */
const answerMs: Readonly<Record<Kind, number>> = { repeatable: 1500, write: 2500 }
/** How long to try one member after the other: longer than etcd's election of a leader, which takes 1 to 2 s. */
const timeoutMs = 5000
const retryMs = 50

type Limits = Pick<Dispatcher.RequestOptions, 'signal' | 'headersTimeout' | 'bodyTimeout'>

/**
 * Requests to etcd's JSON gateway (/v3/…, all POST), tried with one member after the other until one answers.
 *
 *     connection refused, dropped, no leader     nothing happened: the next member, until the timeout
 *     no response to a repeatable request        the next member, until the timeout
 *     no response to a write                     it may have happened, or still happen: OutcomeUnknown
 *     no space                                   nothing happened: StoreFull at once
 *     no permission                              nothing happened: StoreMisconfigured at once
 *     any other response                         a refusal: the request is wrong
 */
export class Gateway {
  readonly #endpoints: Endpoints
  readonly #credentials: Credentials | undefined
  readonly #agent = new Agent({ connect: { timeout: connectMs } })
  #token: Promise<string> | undefined

  constructor({ endpoints, credentials }: Pick<EtcdAddress, 'endpoints' | 'credentials'>) {
    this.#endpoints = new Endpoints(endpoints)
    this.#credentials = credentials
  }

  /**
   * @throws EtcdRefusal if a retry would get the same response
   * @throws StoreUnavailable, StoreFull or StoreMisconfigured if nothing happened, OutcomeUnknown if a write may have
   * taken effect
   */
  async call<Result>(kind: Kind, path: string, body: object): Promise<Result> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const endpoint = this.#endpoints.pick()
      try {
        return await this.callAt(endpoint, kind, path, body)
      } catch (error) {
        if (error instanceof EtcdRefusal && error.isFull) throw full(error)
        if (error instanceof EtcdRefusal && error.isAccessDenied) throw misconfigured(error)
        if (error instanceof EtcdRefusal && !error.isUndone && !error.isOutcomeUnknown) throw error
        this.#endpoints.suspect(endpoint)
        if (kind === 'write' && !isKnownUndone(error)) throw outcomeUnknown(error)
        if (performance.now() > deadline || this.#agent.destroyed) throw unavailable(error)
      }
      await delay(retryMs)
    }
  }

  /** Sends one request to one member. */
  async callAt<Result>(endpoint: string, kind: Kind, path: string, body: object): Promise<Result> {
    const signal = AbortSignal.timeout(answerMs[kind])
    const reply = await this.#send(endpoint, path, body, { signal })
    return (await reply.json()) as Result
  }

  /** The next member to use. */
  pick(): string {
    return this.#endpoints.pick()
  }

  /** A request to one member whose response is a stream, until `signal` is aborted. */
  streamAt(
    endpoint: string,
    path: string,
    body: object,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData['body']> {
    return this.#send(endpoint, path, body, { signal, headersTimeout: answerMs.repeatable, bodyTimeout: 0 })
  }

  /** Reports that a member's stream has ended unexpectedly. */
  suspect(endpoint: string): void {
    this.#endpoints.suspect(endpoint)
  }

  /** Requests in flight are rejected. */
  close(): Promise<void> {
    return this.#agent.destroyed ? Promise.resolve() : this.#agent.destroy()
  }

  async #send(
    endpoint: string,
    path: string,
    body: object,
    limits: Limits,
  ): Promise<Dispatcher.ResponseData['body']> {
    const token = await this.#currentToken(endpoint)
    try {
      return await this.#post(endpoint, path, body, { ...limits, token })
    } catch (error) {
      if (token === undefined || !(error instanceof EtcdRefusal && error.needsAuthentication)) throw error
      this.#token = undefined
      return this.#post(endpoint, path, body, { ...limits, token: await this.#currentToken(endpoint) })
    }
  }

  #currentToken(endpoint: string): Promise<string> | undefined {
    if (this.#credentials === undefined) return undefined
    this.#token ??= this.#authenticate(endpoint, this.#credentials).catch(error => {
      this.#token = undefined
      throw error
    })
    return this.#token
  }

  async #authenticate(endpoint: string, credentials: Credentials): Promise<string> {
    const signal = AbortSignal.timeout(answerMs.repeatable)
    const reply = await this.#post(endpoint, 'auth/authenticate', credentials, { signal, token: undefined })
    const { token } = (await reply.json()) as { token: string }
    return token
  }

  async #post(
    endpoint: string,
    path: string,
    body: object,
    { token, ...limits }: Limits & { token: string | undefined },
  ): Promise<Dispatcher.ResponseData['body']> {
    const reply = await this.#agent.request({
      ...limits,
      origin: endpoint,
      path: `/v3/${path}`,
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== undefined && { authorization: token }) },
      body: JSON.stringify(body),
    })
    if (reply.statusCode === 200) return reply.body
    throw toRefusal(path, reply.statusCode, await reply.body.text())
  }
}

/** The request was never sent, or etcd reports that it dropped it. */
function isKnownUndone(error: unknown): boolean {
  if (error instanceof EtcdRefusal) return error.isUndone
  return wasNeverSent(error)
}
