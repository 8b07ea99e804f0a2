import { defaultGrantSeconds, frontendRoutes } from '@darkroom/contracts'
import { type App, acceptJson } from '@darkroom/service-kit'
import type { Authenticator } from '../access/authenticator.ts'
import type { GrantStore } from '../access/grant-store.ts'
import { grantToken } from '../access/grant-token.ts'
import type { SigningKeys } from '../access/signing-keys.ts'
import { requireUnrevoked } from '../access/unless-revoked.ts'
import type { KeyRing } from '../keys/key-ring.ts'
import type { Outbound } from '../outbound/outbound.ts'
import type { Presets } from '../uploads/presets.ts'
import { expandOptions } from '../uploads/requested-outputs.ts'
import { withCallback } from '../webhooks/with-callback.ts'

interface GrantDependencies {
  authenticator: Authenticator
  grants: GrantStore
  keys: Pick<KeyRing, 'describe'>
  signing: Pick<SigningKeys, 'keyFor'>
  presets: Pick<Presets, 'require'>
  outbound: Pick<Outbound, 'mistakeIn'>
}

/** Grants: uploads for clients without a key. */
export function addGrantRoutes(
  app: App,
  { authenticator, grants, keys, signing, presets, outbound }: GrantDependencies,
): void {
  acceptJson(app)
  app.addHook('preValidation', async request => {
    request.body ??= {}
  })

  app.route({
    ...frontendRoutes.createGrant,
    handler: async ({ body, caller, log }, reply) => {
      const { images = 1, maxBytes, expiresIn = defaultGrantSeconds, ...given } = body
      const { keyId, owner } = caller
      const options = await expandOptions(withCallback(given, caller, outbound), presets)
      const end = Math.min(Date.now() / 1000 + expiresIn, authenticator.endOfKey(keyId))
      const expiresAt = Math.floor(end)
      const key = await signing.keyFor('grants')
      const limits = { images, ...(maxBytes !== undefined && { maxBytes }) }
      requireUnrevoked(caller, keys)
      const record = { ...limits, options, ...(owner !== undefined && { owner }) }
      const id = await grants.create(record, expiresAt)
      log.info({ grant: id, by: keyId, ...limits }, 'a grant was created')
      reply.code(201)
      return {
        token: grantToken({ id, keyId, expiresAt }, key),
        expiresAt: new Date(expiresAt * 1000).toISOString(),
        ...limits,
        ...options,
      }
    },
  })
}
