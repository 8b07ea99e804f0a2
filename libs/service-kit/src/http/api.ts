import type { AnswerHeaders, Handlers, Route } from '@darkroom/contracts'

/** A call and an answer whose route isn't known to the compiler. */
export interface AnyHandledCall {
  params: unknown
  querystring: unknown
  headers: unknown
  body: unknown
  signal: AbortSignal
}
export interface AnyAnswer {
  status: number
  headers?: AnswerHeaders
  body?: unknown
}
export type AnyHandler = (call: AnyHandledCall) => Promise<AnyAnswer>

/** Routes and a handler for each, by name: what a service answers, however it is called. */
export interface Api {
  readonly routes: Readonly<Record<string, Route>>
  readonly handlers: Readonly<Record<string, AnyHandler>>
  /** Gives the service's own errors their public face, and throws others on. */
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
