import { Instant } from './instant.ts'
import { keepQuery } from './keep-query.ts'
import { problems } from './problem-types.ts'
import { defineRoute } from './route.ts'
import { type Static, Type } from './typebox/typebox.js'

export const WebhookSecret = Type.Object({
  secret: Type.String({ description: '`whsec_` and 32 bytes in base64 (Standard Webhooks 1.0)' }),
  createdAt: Instant,
  earlier: Type.Array(Type.Object({ createdAt: Instant, endsAt: Instant }), {
    description: 'Earlier secrets, which still sign, too, until they expire',
  }),
})
export type WebhookSecret = Static<typeof WebhookSecret>

export const webhookRoutes = {
  getWebhookSecret: defineRoute({
    method: 'GET',
    url: '/webhooks/secret',
    schema: {
      summary: 'The secret that signs your webhooks; the first request creates it',
      response: { 200: WebhookSecret, 503: problems('secret-unreadable') },
    },
  }),
  rotateWebhookSecret: defineRoute({
    method: 'POST',
    url: '/webhooks/secret/rotate',
    schema: {
      summary: 'Creates a new secret. Until the previous secret expires, webhooks are signed with both',
      querystring: keepQuery('For how many seconds the previous secret still signs; default: a day'),
      response: { 201: WebhookSecret },
    },
  }),
}
