import { Readable } from 'node:stream'
import { isBytes, type Route } from '@darkroom/contracts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { acceptBytes } from './accept-bodies.ts'
import type { AnyHandledCall, AnyHandler, AnyResponse, Api } from './api.ts'
import type { App } from './app.ts'
import { hangUpSignal } from './hold.ts'

/** Serves an API over HTTP: one Fastify route for each handler. The app does validation, tokens and problems. */
export function serve({ routes, handlers, throwProblem }: Api): (scope: App) => void {
  const served = Object.entries(routes).map(([name, route]) => {
    const handle = handlers[name]
    if (!handle) throw new Error(`the route ${name} has no handler`)
    return { route, handle }
  })
  // HEAD first; otherwise Fastify adds its own HEAD route, which reads all bytes.
  served.sort((a, b) => Number(b.route.method === 'HEAD') - Number(a.route.method === 'HEAD'))
  return app => {
    app.setErrorHandler(throwProblem) // also handles errors of the first read of a response's body
    app.register(async scope => {
      acceptBytes(scope)
      for (const { route, handle } of served) if (takesBytes(route)) addRoute(scope, route, handle)
    })
    for (const { route, handle } of served) if (!takesBytes(route)) addRoute(app, route, handle)
  }
}

function takesBytes({ schema }: Route): boolean {
  return schema.body !== undefined && isBytes(schema.body)
}

function addRoute(app: App, route: Route, handle: AnyHandler): void {
  app.route({
    ...route,
    handler: async (request, reply) => sendResponse(reply, await handle(new HttpCall(request, reply))),
  })
}

/** The signal is created when it is first used: most handlers never use it. */
class HttpCall implements AnyHandledCall {
  readonly params: unknown
  readonly querystring: unknown
  readonly headers: unknown
  readonly body: unknown
  readonly #reply: FastifyReply
  #signal: AbortSignal | undefined

  constructor({ params, query, headers, body }: FastifyRequest, reply: FastifyReply) {
    this.params = params
    this.querystring = query
    this.headers = headers
    this.body = body
    this.#reply = reply
  }

  get signal(): AbortSignal {
    this.#signal ??= hangUpSignal(this.#reply)
    return this.#signal
  }
}

function sendResponse(reply: FastifyReply, { status, headers, body }: AnyResponse): FastifyReply {
  reply.code(status)
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) reply.header(name, value)
  }
  if (reply.request.method === 'HEAD') {
    release(body)
    // Without any payload, Fastify would set the Content-Length of a HEAD to 0.
    return reply.send(Readable.from([]))
  }
  return reply.send(isIterable(body) && !(body instanceof Readable) ? readableOf(body) : body)
}

/** Ends an unread body. */
function release(body: unknown): void {
  if (typeof body !== 'object' || body === null) return
  if ('dump' in body && typeof body.dump === 'function') void body.dump()
  else if (body instanceof Readable) body.destroy()
}

export function isIterable(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body
}

function readableOf(body: AsyncIterable<Uint8Array>): Readable {
  return Readable.from(body, { objectMode: false })
}
