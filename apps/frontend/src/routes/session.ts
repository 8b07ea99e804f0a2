import { frontendRoutes, type Session } from '@darkroom/contracts'
import { type App, acceptJson } from '@darkroom/service-kit'
import type { FastifyRequest } from 'fastify'
import type { Authenticator } from '../access/authenticator.ts'
import type { Caller } from '../access/caller.ts'
import { beginSession, removeSessionCookies, setSessionCookie } from '../access/session-cookie.ts'
import type { SigningKeys } from '../access/signing-keys.ts'
import type { KeyRing } from '../keys/key-ring.ts'

interface SessionDependencies {
  authenticator: Authenticator
  keys: Pick<KeyRing, 'describe'>
  signing: Pick<SigningKeys, 'keyFor'>
}

/** Sign-in of pages: a key is exchanged for a cookie that scripts can't read. */
export function addSessionRoutes(app: App, { authenticator, keys, signing }: SessionDependencies): void {
  acceptJson(app)

  app.route({ ...frontendRoutes.getSession, handler: async ({ caller }) => sessionOf(caller) })

  app.route({
    ...frontendRoutes.signIn,
    handler: async (request, reply) => {
      if (!authenticator.isReady) await authenticator.untilReady()
      const authorization = `Bearer ${request.body.key}`
      const caller = authenticator.authenticate({ authorization, address: request.ip, access: 'key' })
      if (caller.keyId === undefined) return sessionOf(caller)
      const { token, expiresAt } = beginSession(caller.keyId, await signing.keyFor('sessions'))
      request.log.info({ keyId: caller.keyId, address: request.ip }, 'a session began')
      reply.header('set-cookie', setSessionCookie(token, cameByHttps(request)))
      return sessionOf({ ...caller, expiresAt })
    },
  })

  app.route({
    ...frontendRoutes.signOut,
    handler: async (_request, reply) => reply.header('set-cookie', removeSessionCookies()).code(204).send(),
  })

  function sessionOf({ role, owner, keyId, expiresAt }: Caller): Session {
    const name = keyId === undefined ? undefined : keys.describe(keyId)?.name
    return {
      auth: keyId === undefined ? 'open' : 'keys',
      role,
      ...(owner !== undefined && { owner }),
      ...(keyId !== undefined && { keyId }),
      ...(name !== undefined && { name }),
      ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt * 1000).toISOString() }),
    }
  }
}

/** Whether the page uses https. Proxies may hide the scheme, but the browser sends it in the Origin. */
function cameByHttps({ protocol, headers }: FastifyRequest): boolean {
  return protocol === 'https' || /^https:/.test(headers.origin ?? '')
}
