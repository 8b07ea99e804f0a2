import type { Handlers, ResponseHeaders, Route } from '@darkroom/contracts'

/** A call or a response of any route, without the types of the route. */
export interface AnyHandledCall {
  params: unknown
  querystring: unknown
  headers: unknown
  body: unknown
  signal: AbortSignal
}
export interface AnyResponse {
  status: number
  headers?: ResponseHeaders
  body?: unknown
}
export type AnyHandler = (call: AnyHandledCall) => Promise<AnyResponse>

/** Routes, and a handler for each, by name: everything that a service answers, over HTTP or within the process. */
export interface Api {
  readonly routes: Readonly<Record<string, Route>>
  readonly handlers: Readonly<Record<string, AnyHandler>>
  /** Maps the service's own errors to problems, and throws all others unchanged. */
  readonly throwProblem: (error: unknown) => never
}

export function apiOf<const Routes extends Record<string, Route>>(
  routes: Routes,
  handlers: Handlers<Routes>,
  throwProblem: Api['throwProblem'] = rethrow,
): Api {
  return { routes, handlers: handlers as unknown as Api['handlers'], throwProblem }
}

function rethrow(error: unknown): never {
  throw error
}
