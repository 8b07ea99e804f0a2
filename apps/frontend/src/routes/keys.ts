import { frontendRoutes, type NewKey } from '@darkroom/contracts'
import { type App, acceptJson, type ServiceClients, ServiceProblem } from '@darkroom/service-kit'
import { KeyStore } from '../keys/manage-keys.ts'
import type { Outbound } from '../outbound/outbound.ts'
import { requireCallback } from '../webhooks/with-callback.ts'

/** Management of API keys, for operators. Each change is logged with the id of the operator's key. */
export function addKeyRoutes(
  app: App,
  { kv }: Pick<ServiceClients, 'kv'>,
  outbound: Pick<Outbound, 'mistakeIn'>,
): void {
  const store = new KeyStore(kv)
  acceptJson(app)

  app.route({
    ...frontendRoutes.createKey,
    handler: async ({ body, caller, log }, reply) => {
      requireFuture(body)
      if (body.callback !== undefined) requireCallback(body.callback, outbound)
      const { key, ...made } = await store.create(body, keyIdOf(caller))
      log.warn({ key: made, by: keyIdOf(caller) }, 'an operator created an API key')
      return reply.code(201).send({ ...made, key })
    },
  })

  app.route({
    ...frontendRoutes.listKeys,
    handler: async () => ({ keys: await store.list() }),
  })

  app.route({
    ...frontendRoutes.revokeKey,
    handler: async ({ params: { id }, caller, log }, reply) => {
      const revoked = (await store.revoke(id)) ?? keyNotFound(id)
      log.warn({ key: revoked, by: keyIdOf(caller) }, 'an operator revoked an API key')
      return reply.code(204).send()
    },
  })

  app.route({
    ...frontendRoutes.rotateKey,
    handler: async ({ params: { id }, query: { keep = 0 }, caller, log }, reply) => {
      const { key, ...made } = (await store.rotate(id, keep, keyIdOf(caller))) ?? keyNotFound(id)
      log.warn(
        { key: made, replaces: id, keepSeconds: keep, by: keyIdOf(caller) },
        'an operator rotated an API key',
      )
      return reply.code(201).send({ ...made, key })
    },
  })
}

function keyIdOf({ keyId }: { keyId?: string }): string {
  if (keyId === undefined) throw new Error('a route for operators was called without a key')
  return keyId
}

function requireFuture({ expiresAt }: NewKey): void {
  if (expiresAt === undefined || Date.parse(expiresAt) > Date.now()) return
  throw new ServiceProblem(400, 'invalid-request', `body expiresAt must lie in the future, got ${expiresAt}`)
}

function keyNotFound(id: string): never {
  throw new ServiceProblem(404, 'key-not-found', `there is no API key ${id}`)
}
