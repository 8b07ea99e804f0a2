import type { Access } from '@darkroom/contracts'
import type { App } from '@darkroom/service-kit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from './caller.ts'
import type { Door } from './door.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** On whose behalf the request is made; of routes for `anyone`, null. */
    caller: Caller
  }
}

/**
 * Has every route ask for a key, unless its contract says otherwise. `whenAdmitted` is called with the caller before
 * the route's own work.
 */
export function requireKey(
  app: App,
  door: Door,
  whenAdmitted: (request: FastifyRequest, reply: FastifyReply) => void,
): void {
  app.addHook('onRoute', route => {
    const { access } = route as { access?: Access }
    route.config = { ...route.config, access: access ?? route.config?.access ?? 'key' }
  })
  app.decorateRequest('caller', null as unknown as Caller)

  const admit = (request: FastifyRequest, reply: FastifyReply, access: Access) => {
    const { ip: address, headers } = request
    request.caller = door.admit({ authorization: headers.authorization, address, access })
    whenAdmitted(request, reply)
  }
  app.addHook('onRequest', (request, reply, done) => {
    const { access } = request.routeOptions.config
    // Without a route there is nothing to guard: the answer is 404.
    if (access === undefined || access === 'anyone') done()
    else if (door.isReady) {
      admit(request, reply, access)
      done()
    } else {
      door
        .untilReady()
        .then(() => admit(request, reply, access))
        .then(() => done(), done)
    }
  })
}
