import { type Problem, problemCode } from './problem.ts'
import { readText } from './read-text.ts'
import { type CallOf, isBytes, type ReplyOf, type Route, type StreamedBody } from './route.ts'
import type { TSchema } from './typebox/typebox.js'

export interface WireRequest {
  method: Route['method']
  /** Path and query, percent-encoded. */
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array | AsyncIterable<Uint8Array>
  idempotent: boolean
  /** The caller handles a 503 (overload) itself. */
  expectsUnavailable: boolean
  /** How long the server may hold the request on purpose (a blocking read), in milliseconds. */
  heldMs: number
  signal?: AbortSignal
}

export interface WireReply {
  statusCode: number
  headers: Record<string, string | string[] | undefined>
  body: StreamedBody
}

/** Sends a request to an instance of a service. Rejects when no instance answers. */
export type Transport = (request: WireRequest) => Promise<WireReply>

export type Client<Routes extends Record<string, Route>> = {
  [Name in keyof Routes]: (call: CallOf<Routes[Name]>) => Promise<ReplyOf<Routes[Name]>>
}

interface UnexpectedResponse {
  status: number
  headers: Record<string, unknown>
  problem?: Problem | undefined
  /** The body, if it is not a problem document. */
  text?: string
}

/** A status that the route doesn't declare: the caller can't be expected to handle it. */
export class UnexpectedReply extends Error {
  readonly status: number
  readonly problem: Problem | undefined
  readonly retryAfter: string | undefined

  constructor(
    route: Pick<Route, 'method' | 'url'>,
    { status, headers, problem, text = '' }: UnexpectedResponse,
  ) {
    super(`${route.method} ${route.url} answered ${status}: ${problem?.detail ?? text.slice(0, 200)}`)
    this.status = status
    this.problem = problem
    const retryAfter = headers['retry-after']
    this.retryAfter = typeof retryAfter === 'string' ? retryAfter : undefined
  }

  get code(): string | undefined {
    return this.problem && problemCode(this.problem)
  }
}

/** A client with one typed function for each route. Expected statuses are return values; others are thrown. */
export function createClient<const Routes extends Record<string, Route>>(
  routes: Routes,
  transport: Transport,
): Client<Routes> {
  const calls = Object.entries(routes).map(([name, route]) => [name, (call: AnyCall) => send(route, call)])
  return Object.fromEntries(calls) as Client<Routes>

  async function send(route: Route, call: AnyCall) {
    const reply = await transport(encode(route, call))
    const schema = route.schema.response[reply.statusCode]
    if (!schema) throw await unexpected(route, reply)
    return { status: reply.statusCode, headers: reply.headers, body: await decode(schema, reply) }
  }
}

async function unexpected(route: Route, { statusCode, headers, body }: WireReply): Promise<UnexpectedReply> {
  const text = await readText(body)
  return new UnexpectedReply(route, { status: statusCode, headers, problem: parseProblem(text), text })
}

interface AnyCall {
  params?: Record<string, string | number>
  querystring?: Record<string, string | number | boolean | undefined>
  headers?: Record<string, string | undefined>
  body?: unknown
  signal?: AbortSignal
}

function encode(route: Route, call: AnyCall): WireRequest {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(call.headers ?? {}))
    if (value !== undefined) headers[name] = value
  const request: WireRequest = {
    method: route.method,
    path: fillPath(route.url, call.params ?? {}) + fillQuery(call.querystring ?? {}),
    headers,
    idempotent: route.idempotent,
    expectsUnavailable: 503 in route.schema.response,
    heldMs: heldSeconds(call) * 1000,
  }
  if (call.signal) request.signal = call.signal
  if (route.schema.body && call.body !== undefined) {
    if (isBytes(route.schema.body)) {
      headers['content-type'] ??= 'application/octet-stream'
      request.body = call.body as Uint8Array | AsyncIterable<Uint8Array>
    } else {
      headers['content-type'] = 'application/json'
      request.body = JSON.stringify(call.body)
    }
  }
  return request
}

/** How long the server may hold the response back, from `?wait=` or `Prefer: wait=`. */
function heldSeconds({ querystring, headers }: AnyCall): number {
  return Number(querystring?.wait ?? /\bwait=(\d+)/.exec(headers?.prefer ?? '')?.[1] ?? 0)
}

/** The path of a route with its parameters: fills `:name` and `*`. Slashes stay slashes only in the value of `*`. */
export function fillPath(url: string, params: Record<string, string | number>): string {
  return url.replace(/:([a-z]+)|\*/gi, (match, name: string | undefined) => {
    const value = String(params[name ?? '*'] ?? '')
    return match === '*' ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value)
  })
}

function fillQuery(query: Record<string, string | number | boolean | undefined>): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value))
  return search.size > 0 ? `?${search}` : ''
}

async function decode(schema: TSchema, reply: WireReply): Promise<unknown> {
  if (isBytes(schema)) return reply.body
  const text = await readText(reply.body)
  if (text === '') return undefined
  return /\bjson\b/.test(String(reply.headers['content-type'])) ? JSON.parse(text) : text
}

function parseProblem(text: string): Problem | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const isProblem = typeof value === 'object' && value !== null && 'type' in value && 'status' in value
    return isProblem ? (value as Problem) : undefined
  } catch {
    return undefined // not JSON: a proxy in front of the service answered
  }
}
