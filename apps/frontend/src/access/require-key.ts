import type { Access } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authenticator } from './authenticator.ts'
import type { Caller } from './caller.ts'
import { sessionTokenIn } from './session-cookie.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on routes whose access is `anyone`. */
    caller: Caller
  }
}

/**
 * Makes every route require a key, unless its contract declares another access. `whenAuthenticated` is called before
 * the handler, with the caller set.
 */
export function requireKey(
  app: App,
  authenticator: Authenticator,
  whenAuthenticated: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.addHook('onRoute', route => {
    const { access } = route as { access?: Access }
    route.config = { ...route.config, access: access ?? route.config?.access ?? 'key' }
  })
  app.decorateRequest('caller', null as unknown as Caller)

  const authenticate = (request: FastifyRequest, reply: FastifyReply, access: Access) => {
    const { ip: address, headers, method, protocol } = request
    const { authorization, cookie, origin } = headers
    const token = sessionTokenIn(cookie, protocol === 'https')
    const isUnsafe = method !== 'GET' && method !== 'HEAD'
    const session = token === undefined ? undefined : { token, isUnsafe, origin }
    request.caller = authenticator.authenticate({ authorization, session, address, access })
    whenAuthenticated(request, reply)
  }
  app.addHook('onRequest', (request, reply, done) => {
    const { access } = request.routeOptions.config
    // A path without a route has no access: the response is 404.
    if (access === undefined || access === 'anyone') done()
    else if (authenticator.isReady) {
      authenticate(request, reply, access)
      done()
    } else {
      authenticator
        .untilReady()
        .then(() => authenticate(request, reply, access))
        .then(() => done(), done)
    }
  })
}
